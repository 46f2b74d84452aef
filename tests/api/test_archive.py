"""The archive over HTTP: bundles are listed and taken away, and what is due is archived at once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import preloaded
from tests.api.conftest import HELLO, Server
from tests.kafka.played_engine import ROOT

SHORT = {"name": "short", "nodes": [{"id": "a", "type": "end"}], "settings": {"retention": "1ms"}}


@contextmanager
def served(folder: Path, *flags: str) -> Iterator[Server]:
    server = Server(folder / "data", *flags)
    try:
        yield server
    finally:
        server.kill()


def command(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run(*words, "--server", server.url, cwd=ROOT)


def test_what_is_due_is_archived_at_once_and_its_bundle_is_proved_by_who_fetches_it(tmp_path: Path) -> None:
    with served(tmp_path, "--set", f"archive={tmp_path / 'bundles'}") as server:
        server.publish(SHORT, HELLO)
        for number in range(5):
            server.start("short", execution_id=f"short-{number}")
        server.start("hello", {"name": "Ada"}, wait=10)
        made = server.post("/v1/archive").json
        assert made == {"archived": 5, "removed": 5}
        [bundle] = server.get("/v1/archive").json["bundles"]
        assert (bundle["executions"], bundle["problem"]) == (5, None)
        assert server.get("/v1/archive/none.refold").json["reason"] == "unknown_bundle"
        assert server.get("/v1/archive/..%2Fdata%2Flog.refold").status == 404
        assert bundle["bundle"] in command(server, "archive", "list").stdout
        assert "decisions of 5 executions decided again" in command(server, "archive", "verify").stdout
        assert "short-3" in command(server, "archive", "show", bundle["bundle"]).stdout
        assert command(server, "archive", "make").stdout == "0 executions archived, and 0 executions removed\n"


def test_a_server_without_an_archive_says_so(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert server.get("/v1/archive").json == {"bundles": []}
        assert server.post("/v1/archive").json["reason"] == "no_archive"
