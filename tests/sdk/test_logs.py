"""What processes log: what raised, where and in which attempt; as text that is safe on a terminal, or as JSON."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import refold
from refold.worker import logs
from tests.protocol.host import Host
from tests.sdk.working import working

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=logs.FORMATS)
def log_format(request: pytest.FixtureRequest) -> Iterator[str]:
    with logs.writing_logs(request.param):
        yield request.param


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_activity_that_raises_is_logged_with_its_place_and_traceback(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    @refold.activity
    def divide(given: int) -> float:
        return given / 0

    with logs.writing_logs("json"), working(host, divide):
        execution = host.run("divide", 1)
        failure = host.end_of(execution).failure
    (line,) = [line for line in lines_of(capfd.readouterr().err) if line["level"] == "warning"]
    assert line["event"] == "divide raised ZeroDivisionError: division by zero"
    assert (line["execution"], line["path"], line["attempt"], line["logger"]) == (execution, "n", 1, "refold.worker")
    assert "return given / 0" in line["exception"]
    assert line["timestamp"].endswith("Z")
    assert failure is not None
    assert "return given / 0" in failure.details["traceback"]
    assert "refold/" not in failure.details["traceback"].replace(str(ROOT), ""), "frames of ours are none of the user's code"


def test_a_traceback_of_a_deep_way_keeps_its_innermost_frames(host: Host) -> None:
    @refold.activity
    def fall(given: int) -> None:
        if given == 0:
            raise ValueError("at the bottom" + "!" * 100_000)
        fall(given - 1)

    with working(host, fall):
        failure = host.end_of(host.run("fall", 300)).failure
    assert failure is not None
    assert len(failure.details["traceback"]) <= 4_000
    assert 'raise ValueError("at the bottom"' in failure.details["traceback"]
    assert len(failure.message) == 4_000


def test_details_of_its_own_are_left_as_they_are(host: Host, capfd: pytest.CaptureFixture[str]) -> None:
    @refold.activity
    def decline() -> None:
        raise refold.ActivityError("card.declined", "no money", details={"card": 4}, retryable=False)

    with logs.writing_logs("json"), working(host, decline):
        failure = host.end_of(host.run("decline")).failure
    assert failure is not None
    assert failure.details == {"card": 4}
    (line,) = [line for line in lines_of(capfd.readouterr().err) if line["level"] == "warning"]
    assert "exception" not in line, "it says itself what went wrong"


def test_the_logger_of_a_context_names_execution_node_attempt_and_time(log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    task = {"task": "e/n@2", "execution": "e", "workflow": "w", "path": "n", "attempt": 2, "kind": "pay", "idempotency_key": "e/n"}
    refold.ActivityContext(task, lambda task, progress, detail: None).logger.info("paid %d", 7, extra={"order": "A-1"})
    (line,) = capfd.readouterr().err.splitlines()
    if log_format == "json":
        found = json.loads(line)
        assert {name: found[name] for name in ("event", "execution", "path", "attempt", "order", "logger")} == {
            "event": "paid 7", "execution": "e", "path": "n", "attempt": 2, "order": "A-1", "logger": "refold.activity.pay",
        }  # fmt: skip
    else:
        assert "paid 7" in line
        assert {"execution=e", "path=n", "attempt=2", "order=A-1"} <= set(line.split())
        assert line[4:5] == "-", "it begins with the time"


@pytest.mark.parametrize("odd", ["\x1b[2J", "a\nb", "\x9b31m", "half \ud83d", "\x00"])
def test_what_a_terminal_would_obey_is_shown_instead(odd: str, log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("refold.activity").info("%s", odd, extra={"path": odd})
    (line,) = capfd.readouterr().err.rstrip("\n").split("\n")
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in line)
    if log_format == "json":
        assert json.loads(line)["event"] == odd


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of text, json, found 'xml'"):
        logs.handler("xml")


def test_a_worker_writes_json_where_the_environment_says_so(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import refold\n\n@refold.activity\ndef divide(given: int) -> float:\n    return given / 0\n")
    with Host() as host:
        command = [sys.executable, "-m", "refold", "worker", "mine"]
        environment = {**os.environ, "REFOLD_SERVER": host.url, "PYTHONPATH": str(ROOT), "REFOLD_LOG_FORMAT": "json"}
        worker = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        host.end_of(host.run("divide", 1))
        worker.terminate()
        lines = lines_of(worker.communicate(timeout=30)[1])
    assert "divide raised ZeroDivisionError: division by zero" in [line["event"] for line in lines]


def test_a_program_that_sets_up_logging_itself_keeps_what_it_has() -> None:
    own = "import logging; logging.basicConfig(format='MINE %(message)s')"
    code = f"{own}; from refold.worker.logs import write_logs; write_logs(); logging.warning('x')"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert said.stderr == "MINE x\n"
