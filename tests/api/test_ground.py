"""What a server does when the ground moves: its log is taken away while it runs, or its disk is full."""

from __future__ import annotations

import http.client
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.ports.conftest import small_disk

from .conftest import WAITS, Server

__all__ = ["small_disk"]

Serve = Callable[..., Server]
DEADLINE_S = 30


def replace_by_a_copy(data: Path) -> None:
    shutil.copy(data / "log.db", data / "copy.db")
    (data / "copy.db").rename(data / "log.db")


@pytest.mark.parametrize("asks", [True, False], ids=["asked", "idle"])
@pytest.mark.parametrize(
    "take_away",
    [
        lambda data: (data / "log.db").unlink(),
        lambda data: (data / "log.db-wal").unlink(),
        lambda data: data.rename(data.with_name("elsewhere")),
        lambda data: shutil.rmtree(data),
        replace_by_a_copy,
    ],
    ids=["log deleted", "write-ahead log deleted", "folder renamed", "folder deleted", "log replaced"],
)
def test_a_server_whose_log_is_taken_away_answers_nothing_more_and_ends(
    serve: Serve, take_away: Callable[[Path], None], asks: bool
) -> None:
    server = serve()
    server.publish(WAITS)
    server.start("waits")
    take_away(server.data)
    if asks:
        with suppress(OSError, http.client.HTTPException):
            assert server.post("/v1/workflows/waits/executions", {}).status >= 500
    assert server.process.wait(DEADLINE_S) == 1
    server.kill()
    assert "deleted, renamed or replaced while it was in use" in server.stderr()
    assert not server.data.exists() or (server.data / "lock").exists(), "no folder was made anew"


def test_no_new_log_is_made_in_the_place_of_one_that_was_taken_away(serve: Serve) -> None:
    server = serve()
    server.publish(WAITS)
    server.start("waits")
    for path in server.data.glob("log.db*"):
        path.unlink()
    assert server.process.wait(DEADLINE_S) == 1
    with pytest.raises(AssertionError, match=r"log\.db is missing"):
        serve()
    assert not (server.data / "log.db").exists()


def test_on_a_full_disk_all_who_ask_are_refused_at_once_and_what_was_refused_never_happens(small_disk: Path) -> None:
    server = Server(small_disk / "data")
    try:
        server.publish(WAITS)
        server.start("waits", execution_id="before")
        fill(small_disk / "filler")
        statuses = [
            server.post("/v1/workflows/waits/executions", {"execution_id": f"e{n}", "input": {"n": "x" * 2_000}}).status for n in range(30)
        ]
        statuses += [server.post("/v1/executions/before/signals/other", {"text": "x" * 2_000}).status for _ in range(30)]
        assert statuses.count(503) > 40
        assert set(statuses) <= {201, 202, 503}
        (small_disk / "filler").unlink()
        until(lambda: server.post("/v1/workflows/waits/executions", {"execution_id": "after"}).status != 503)
        position = server.get("/v1/executions/after").json["position"]
        listed = {row["execution_id"] for row in server.get(f"/v1/executions?limit=100&min_position={position}").json["executions"]}
        assert listed == {"before", "after", *(f"e{n}" for n, status in enumerate(statuses[:30]) if status == 201)}
    finally:
        server.kill()


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4_096))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end
