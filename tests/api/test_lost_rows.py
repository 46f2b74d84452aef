"""A server whose read models are deleted or damaged makes them again by itself, and meanwhile takes that for no answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import WORKS, Server
from .test_lane import until
from .test_life import projector_of

Serve = Callable[..., Server]
GARBAGE = b"this is no database\n" * 1_000


def listed(server: Server, min_position: int) -> int:
    return len(server.get(f"/v1/executions?limit=100&min_position={min_position}").json["executions"])


@pytest.mark.parametrize("has_read", [True, False])
def test_rows_that_are_deleted_while_it_serves_are_right_again_without_a_restart(serve: Serve, has_read: bool) -> None:
    server = serve()
    server.publish(WORKS)
    for number in range(20):
        position = server.start("works", wait=30, execution_id=f"x{number}")["position"]
    if has_read:
        assert listed(server, position) == 20
        assert server.get("/v1/executions/x3/history").status == 200
    else:
        until(lambda: server.get("/health/ready").json["projected"] == position)
    for path in server.data.glob("projection.db*"):
        path.unlink()
    paths = ["/v1/executions?limit=100", "/v1/executions/x3/history", "/v1/executions/x3/state", "/v1/executions/x3/nodes"]
    answers: list[Any] = []

    def are_right_again() -> bool:
        answers[:] = [server.get(path) for path in paths]
        assert {answer.status for answer in answers} <= {200, 503}, [(answer.status, answer.content) for answer in answers]
        assert {answer.json["reason"] for answer in answers if answer.status == 503} <= {"behind"}
        if answers[0].status == 200:
            assert len(answers[0].json["executions"]) == 20
        return {answer.status for answer in answers} == {200} and (server.data / "projection.db").exists()

    until(are_right_again)
    assert len(answers[1].json["events"]) > 5
    assert server.get("/health/ready").json["projected"] == position
    position = server.start("works", wait=30)["position"]
    assert listed(server, position) == 21
    assert "projection.db is not there any more" in server.stderr()
    assert server.stop() == 0


def test_while_rows_are_made_again_metrics_tell_all_but_what_is_counted_in_them(serve: Serve) -> None:
    server = serve()
    server.publish(WORKS)
    position = server.start("works", wait=30)["position"]
    assert listed(server, position) == 1
    assert 'refold_executions{status="completed"} 1.0' in server.get("/metrics").content.decode()
    projector = projector_of(server)
    os.kill(projector, signal.SIGSTOP)
    try:
        for path in server.data.glob("projection.db*"):
            path.unlink()
        answer = server.get("/metrics")
    finally:
        os.kill(projector, signal.SIGCONT)
    assert (answer.status, answer.content.count(b"refold_executions{")) == (200, 0)
    assert b"refold_decisions_total " in answer.content


def test_a_file_that_is_no_database_is_made_again(serve: Serve) -> None:
    server = serve()
    server.publish(WORKS)
    position = server.start("works", wait=30)["position"]
    assert server.stop() == 0
    for path in server.data.glob("projection.db*"):
        path.write_bytes(GARBAGE)
    again = serve()
    assert listed(again, position) == 1
    assert "projection.db is damaged, and is made again" in again.stderr()
