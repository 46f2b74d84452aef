"""Executions that are sealed, and erased, in a cluster: the keys are in a folder that all its engines share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.ids import partition_of
from contracts.key import first_key
from contracts.ports.log import CLUSTER_TOPICS, TOPICS
from infra.keys.folder import FolderVault
from infra.log.kafka.log import KafkaLog
from infra.log.kafka.loop import STANDS_STILL
from refold.kafka.address import KafkaAddress
from tests.api.conftest import Server
from tests.cli.conftest import CommandLine
from tests.kafka.topics import new_topics, wait_until

MARKER = "MARKER-Ada"
BIG = MARKER * 10_000
LETTER: dict[str, Any] = {
    "name": "letter",
    "settings": {"erasable": True, "search": {"who": "input.who"}},
    "nodes": [
        {"id": "wait", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "greet", "type": "transform", "config": {"operation": "value", "value": "Dear {{ input.who }}"}},
    ],
    "edges": [{"from": "wait.received", "to": "greet"}],
}
PARTITIONS = 2


class Site:
    """A log, and the engines that were started on it."""

    def __init__(self, address: KafkaAddress, folder: Path) -> None:
        self.address, self.folder, self.keys = address, folder, folder / "keys"
        self.keys.mkdir()
        self._started: list[Server] = []

    def start(self, node: str, *flags: str, has_keys: bool = True, code: str = "") -> Server:
        """An engine of the cluster."""
        more = ("--keys", str(self.keys)) if has_keys else ()
        self._started.append(Server(self.folder / node, "--node", node, *more, *flags, code=code))
        return self._started[-1]

    def close(self) -> None:
        for one in self._started:
            one.kill()

    def records(self) -> bytes:
        """All that stands in any topic of the log."""
        with closing(KafkaLog(self.address)) as log:
            found: list[bytes] = []
            for topic in (*TOPICS, *CLUSTER_TOPICS):
                for partition in range(PARTITIONS if topic in ("journal", "commands", "snapshots") else 1):
                    start = log.start(topic, partition)
                    found += [content for _, content in log.read(topic, partition, start)]
            return b"".join(found)

    def files(self) -> list[Path]:
        """All files of all engines that have what was said in them."""
        return [path for path in self.folder.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()]


@pytest.fixture
def site(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    address = new_topics(broker, PARTITIONS)
    monkeypatch.setenv("REFOLD_LOG", str(address))
    monkeypatch.setenv("REFOLD_SESSION_S", "2")
    opened = Site(address, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def refold(site: Site) -> CommandLine:
    return CommandLine(site.folder)


def id_in(partition: int, number: int) -> str:
    """The first id that lives in a partition, from a number on."""
    return next(name for one in count(number) if partition_of(name := f"letter-{one}", PARTITIONS) == partition)


def is_done(server: Server, execution: str, status: str = "completed") -> bool:
    return bool(server.get(f"/v1/executions/{execution}").json.get("status") == status)


def owners_of(server: Server) -> set[str]:
    return {row["owner"] for row in server.get("/v1/cluster").json["partitions"]}


def run(server: Server, executions: list[str], given: str = MARKER) -> None:
    """Start them all, send each what it waits for, and wait until it has ended."""
    for name in executions:
        server.start("letter", {"who": given}, execution_id=name)
        assert server.post(f"/v1/executions/{name}/signals/go", {"payload": {"more": given}}).status < 300
    for name in executions:
        wait_until(partial(is_done, server, name))


def test_what_is_erased_can_be_read_nowhere_whichever_engine_is_asked(site: Site, refold: CommandLine) -> None:
    one, other = site.start("one"), site.start("other")
    one.publish(LETTER)
    wait_until(lambda: owners_of(one) == {"one", "other"})
    small = [id_in(partition, 0) for partition in range(PARTITIONS)]
    big = [id_in(partition, 100) for partition in range(PARTITIONS)]
    run(one, small)
    run(other, big, BIG)
    assert MARKER in other.get(f"/v1/executions/{small[0]}").json["output"]
    assert MARKER in one.get(f"/v1/executions/{big[1]}").json["output"]
    keys = ("--keys", site.keys)
    assert "4 executions of these sealed, and read with the keys" in refold("verify", "--all", "--log", str(site.address), *keys).out

    told = refold("erase", "--filter", "workflow == 'letter'", "--reason", "she asked", "--json", "--server", one.url).json
    assert {row["done"] for row in told} == {"erased"}
    assert len(told) == 4
    said = refold("verify", "--all", "--log", str(site.address), *keys).out
    assert "0 differences" in said
    assert "4 executions erased: the chain of digests is unbroken" in said
    assert said.count(": she asked") == 4
    for server in (one, other):
        for name in (*small, *big):
            wait_until(partial(_is_erased, server, name))
            assert MARKER.encode() not in server.get(f"/v1/executions/{name}/history").content
    wait_until(lambda: not site.files())
    assert MARKER.encode() not in site.records()
    assert STANDS_STILL not in one.stderr() + other.stderr()


def _is_erased(server: Server, name: str) -> bool:
    error = server.get(f"/v1/executions/{name}").json["error"]
    return error is not None and error["type"] == "erased" and "she asked" in error["message"]


def test_an_engine_that_takes_over_goes_on_with_what_is_sealed_and_what_was_on_its_way_comes_sealed(site: Site) -> None:
    one = site.start("one")
    one.publish(LETTER)
    names = [id_in(partition, 0) for partition in range(PARTITIONS)]
    for name in names:
        one.start("letter", {"who": BIG}, execution_id=name)
    one.kill()
    # nobody owns a partition for a moment: what an `api` takes in goes through `commands`
    asked = site.start("asked", "--roles", "api")
    with ThreadPoolExecutor(len(names)) as pool:
        sent = [pool.submit(asked.post, f"/v1/executions/{name}/signals/go", {"payload": {"more": BIG}}) for name in names]
        site.start("other")
        assert [one.result().status < 300 for one in sent] == [True] * len(names)
    for name in names:
        wait_until(partial(is_done, asked, name))
        assert asked.get(f"/v1/executions/{name}").json["output"] == f"Dear {BIG}"
        assert asked.post(f"/v1/executions/{name}/erase", {"reason": "she asked"}).status < 300
    assert MARKER.encode() not in site.records()


DYING = """
import os, signal, sys
from infra.keys.folder import FolderVault
from refold.cli.main import main

FolderVault.throw_away = lambda self, numbers: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["refold", *sys.argv[1:]]
main()
"""


def test_who_takes_over_throws_the_key_away_where_the_owner_was_killed_before(site: Site) -> None:
    dying = site.start("dying", code=DYING)
    dying.publish(LETTER)
    name = id_in(0, 0)
    run(dying, [name])
    key = first_key(0)
    with closing(FolderVault(site.keys)) as vault:
        assert vault.get(key) is not None
        with suppress(OSError, HTTPException):
            dying.post(f"/v1/executions/{name}/erase", {"reason": "she asked"})
        dying.process.wait(60)
        assert vault.get(key) is not None, "it is recorded, and not yet so"
        other = site.start("other")
        wait_until(lambda: vault.get(key) is None)  # rows may say so before: they follow the journal
        assert vault.get(key + 1) is not None, "and no other"
    wait_until(lambda: _is_erased(other, name))
    wait_until(lambda: MARKER.encode() not in site.records())


def test_an_engine_without_the_keys_owns_no_sealed_executions_and_says_so(site: Site) -> None:
    first = site.start("first", has_keys=False)
    first.publish(LETTER)
    refused = first.post("/v1/workflows/letter/executions", {"input": {"who": MARKER}})
    assert (refused.status, refused.json["reason"]) == (409, "no_keys")
    assert "setting `keys`" in refused.json["detail"]
    assert first.stop() == 0

    one = site.start("one")
    name = one.start("letter", {"who": MARKER})["execution_id"]
    one.kill()
    without = site.start("without", has_keys=False)
    assert without.process.wait(60) == 1
    assert "has sealed executions, and this process was told of no place for keys" in without.stderr()
    (site.folder / "elsewhere").mkdir()
    elsewhere = site.start("elsewhere-node", "--keys", str(site.folder / "elsewhere"), has_keys=False)
    assert elsewhere.process.wait(60) == 1
    assert "is not where the keys of its journal" in elsewhere.stderr()

    again = site.start("one")
    assert again.post(f"/v1/executions/{name}/signals/go", {"payload": 1}).status < 300
    wait_until(lambda: is_done(again, name))


def test_rows_in_a_database_go_with_what_is_erased(site: Site, postgres_url: str) -> None:
    server = site.start("one", "--read-models", postgres_url)
    server.publish(LETTER)
    run(server, ["letter-1"])
    assert MARKER in rows_in(postgres_url)
    assert server.post("/v1/executions/letter-1/erase", {"reason": "she asked"}).status < 300
    wait_until(lambda: MARKER not in rows_in(postgres_url))
    assert _is_erased(server, "letter-1")


def rows_in(url: str) -> str:
    """All that a client can read in a database."""
    with psycopg.connect(url) as database:
        tables = database.execute("select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
                                  "where schemaname not in ('pg_catalog', 'information_schema')").fetchall()  # fmt: skip
        return "".join(str(database.execute(f"select t::text from {table} t").fetchall()) for (table,) in tables)
