"""Backups of a log on Kafka, made beside its engines, and put back under another prefix."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import refold as refold_package
from contracts.codec import decision_of, decode_record, encode_record
from contracts.journal import Decided, JournalOpened, PartitionClaimed, Removed
from infra.log.kafka.log import KafkaLog
from tests.api.conftest import WAITS, Server
from tests.cli.conftest import CommandLine
from tests.kafka.topics import new_topics, wait_until

PARTITIONS = 2
CHILD: dict[str, Any] = {"name": "child", "nodes": [{"id": "work", "type": "own", "config": {"text": "{{ input.text }}"}}]}
PARENT: dict[str, Any] = {
    "name": "parent",
    "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "child", "input": "{{ input }}"}}],
}
LETTER: dict[str, Any] = {"name": "letter", "settings": {"erasable": True}, "nodes": [{"id": "a", "type": "noop"}]}
OUTER = {**PARENT, "name": "outer", "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "waits"}}]}
BIG = {"text": "x" * 200_000}


class Site:
    """A log with engines on it, and places for copies of it."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.log, self.folder, self.broker = str(new_topics(broker, PARTITIONS)), folder, broker
        self.backup, self.keys = folder / "backup", folder / "keys"
        self.keys.mkdir()
        self._started: list[Server] = []

    def start(self, node: str, log: str | None = None, *flags: str) -> Server:
        self._started.append(Server(self.folder / node, "--node", node, "--log", log or self.log, "--keys", str(self.keys), *flags))
        return self._started[-1]

    def close(self) -> None:
        for one in self._started:
            one.kill()

    def copy(self, name: str) -> str:
        return f"{self.log}-{name}"


@pytest.fixture
def site(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("REFOLD_SESSION_S", "2")
    opened = Site(broker, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def refold(site: Site) -> CommandLine:
    return CommandLine(site.folder)


def status_of(server: Server, execution: str) -> Any:
    return server.get(f"/v1/executions/{execution}").json.get("status")


def is_open(server: Server, execution: str) -> bool:
    return bool(status_of(server, execution) == "running")


def is_done(server: Server, execution: str) -> bool:
    return bool(status_of(server, execution) == "completed")


def records_of(address: str, topic: str) -> list[list[tuple[int, bytes]]]:
    """What stands in the partitions of a topic."""
    with closing(KafkaLog(address)) as log:
        return [list(log.read(topic, one, log.start(topic, one))) for one in range(PARTITIONS)]  # type: ignore[arg-type]  # it is a topic


@contextmanager
def working(log: str) -> Iterator[None]:
    """A worker on the log that does what the children ask for."""

    @refold_package.activity
    def own(given: Any) -> int:
        return len(str(given))

    worker = refold_package.Worker([own], log=log, stop_grace_s=5)
    thread = Thread(target=lambda: asyncio.run(worker.serve()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(20)


def test_a_copy_shows_and_proves_all_runs_nothing_until_it_is_let_and_then_goes_on(site: Site, refold: CommandLine) -> None:
    one, other = site.start("one"), site.start("other")
    one.publish(CHILD, PARENT, LETTER)
    names = [f"p-{number}" for number in range(6)]
    for number, name in enumerate(names):
        (one, other)[number % 2].start("parent", BIG, execution_id=name)
    for name in names:
        wait_until(partial(is_open, one, f"{name}~sub"))
    one.start("letter", {"who": "Ada"}, execution_id="ada", wait=20)
    made = refold("backup", site.backup, "--log", site.log, "--json").json
    assert len(made["positions"]) == PARTITIONS
    again = refold("backup", site.backup, "--log", site.log, "--json").json
    assert again["records"] < made["records"] / 5, "only what is new"
    assert one.post("/v1/executions/ada/erase", {"reason": "she asked"}).status < 300
    one.kill()
    other.kill()

    copy = site.copy("copy")
    assert "runs nothing yet" in refold("restore", site.backup, "--to", copy).out
    said = refold("verify", "--all", "--log", copy, "--keys", site.keys).out
    assert "0 differences" in said
    assert "1 execution sealed, and the keys are not here" in said, "what was erased since does not come back"
    refused = refold("serve", "--log", copy, "--data", site.folder / "fenced", "--port", "0", code=1)
    assert "the original may live; `--roles api,projector` shows it" in refused.complaint
    for before, after in zip(records_of(site.log, "journal"), records_of(copy, "journal"), strict=True):
        assert after[:-1] == before[: len(after) - 1]
    shows = site.start("shows", copy, "--roles", "api,projector")
    assert shows.get(f"/v1/executions/{names[0]}").json["status"] == "running"
    refused_start = shows.post("/v1/workflows/parent/executions", {"input": BIG})
    assert (refused_start.status, refused_start.json["reason"]) == (409, "fenced")
    shows.kill()
    assert "is there already" in refold("restore", site.backup, "--to", copy, code=1).complaint

    assert "may run" in refold("restore", "--resume", "--to", copy).out
    engine = site.start("engine", copy)
    with working(copy):  # what the children wait for was sent to nobody here before
        for name in names:
            wait_until(partial(is_done, engine, name))


def test_a_backup_beside_engines_at_work_goes_up_to_any_position(site: Site, refold: CommandLine) -> None:
    one, other = site.start("one"), site.start("other")
    one.publish(WAITS, OUTER)
    are_many, is_enough = Event(), Event()

    def start() -> None:
        for number in count():
            (one, other)[number % 2].start("outer", {"n": number}, execution_id=f"p-{number}")
            if number == 30:
                are_many.set()
            if is_enough.is_set():
                return

    thread = Thread(target=start)
    thread.start()
    try:
        assert are_many.wait(60), "half of what is copied is to have some in it"
        for _ in range(2):
            made = refold("backup", site.backup, "--log", site.log, "--json").json
    finally:
        is_enough.set()
        thread.join()
    copy, at = site.copy("earlier"), made["positions"][0] // 2 // 1024 * 1024
    refold("restore", site.backup, "--to", copy, "--at", str(at))
    assert "0 differences" in refold("verify", "--all", "--log", copy).out
    begun = started_in(copy)
    assert begun
    assert {name.rpartition("~")[0] for name in begun if "~" in name} <= begun, "nobody is there without whoever started it"


def started_in(log: str) -> set[str]:
    """The executions that have begun in a log."""
    records = (decode_record(content) for of_one in records_of(log, "journal") for _, content in of_one)
    decisions = (decision_of(record) for record in records if isinstance(record, Decided))
    return {one.execution for one in decisions if one.first == 1}


def test_a_journal_that_was_cut_stays_so_and_half_a_copy_is_neither_shown_nor_run(site: Site, refold: CommandLine) -> None:
    with closing(KafkaLog(site.log)) as log:
        for partition in range(PARTITIONS):
            log.append("journal", {partition: [encode_record(JournalOpened(f"{partition}", partition, PARTITIONS))]})
        log.append("definitions", {0: [b"one"]})
        log.append("journal", {1: [encode_record(PartitionClaimed(b"a nonce!", "one")), b"x", b"y"]})
        log.kept().save(1, "1", 3, [*log.read("journal", 1, 0, 2), (2, encode_record(Removed(3, {})))])
        log.delete_before("journal", 1, 3)
        journal = list(log.read("journal", 1))
    refold("backup", site.backup, "--log", site.log)
    assert "of a log on Kafka, and not of a data folder" in refold("restore", site.backup, "--to", "folder", code=1).complaint
    cut = site.copy("cut")
    refold("restore", site.backup, "--to", cut)
    with closing(KafkaLog(cut)) as log:
        assert (log.start("journal", 1), list(log.read("journal", 1, 0, 4))) == (3, journal)
    (segment,) = site.backup.glob("segments/definitions-*")
    segment.write_bytes(segment.read_bytes()[:-1])
    half = site.copy("half")
    assert "is not what was written" in refold("restore", site.backup, "--to", half, code=1).complaint
    for words in (("verify", "--all", "--log", half), ("serve", "--log", half, "--port", "0"), ("restore", "--resume", "--to", half)):
        assert "is half a copy of the backup" in refold(*words, code=1).complaint
