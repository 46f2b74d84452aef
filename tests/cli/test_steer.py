"""Steering executions from the command line, holding data folders, and going on after a kill."""

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine, WaitForLine

EXAMPLES = Path(__file__).parents[2] / "examples"
SLOW = """
name: slow
nodes:
  - {id: start, type: wait_signal, config: {name: go}}
  - {id: pause, type: delay, config: {for: 1h}}
edges: [{from: start.received, to: pause}]
"""


def test_a_signal_lets_the_execution_go_on_to_its_end(filled: CommandLine) -> None:
    result = filled("signal", "waiting", "approved", '{"by": "Ada"}', "--json")
    assert result.json["status"] == "completed"
    assert filled("show", "waiting", "--json").json["output"] == {"by": "Ada"}


def test_a_signal_that_nobody_waits_for_is_kept(filled: CommandLine) -> None:
    assert filled("signal", "waiting", "other", "--json").json["status"] == "running"
    assert filled("show", "waiting", "--json").json["signals"] == [{"name": "other", "payload": None}]


def test_the_same_signal_twice_is_once(filled: CommandLine) -> None:
    for _ in range(2):
        filled("signal", "waiting", "other", "1", "--id", "s1")
    assert len(filled("show", "waiting", "--json").json["signals"]) == 1


def test_a_signal_to_a_finished_execution_names_its_status(filled: CommandLine) -> None:
    filled("signal", "waiting", "approved")
    assert "execution waiting is completed" in filled("signal", "waiting", "approved", code=1).complaint


def test_a_payload_that_is_no_json_is_refused(filled: CommandLine) -> None:
    assert "the payload: not JSON" in filled("signal", "waiting", "approved", "{by: Ada}", code=2).complaint


def test_no_continue_only_records_the_command(filled: CommandLine) -> None:
    slow = filled.file("slow.yaml", SLOW)
    filled("run", slow, "--id", "two", "--timeout", "0.2", code=1)
    result = filled("signal", "two", "go", "--no-continue", "--json")
    assert result.json["waiting_for"][0]["for"] == "timer"


def test_pause_and_resume(filled: CommandLine) -> None:
    assert filled("pause", "waiting", "--reason", "lunch", "--json").json["status"] == "paused"
    filled("signal", "waiting", "approved", "7")
    assert filled("show", "waiting", "--json").json["status"] == "paused"
    assert filled("resume", "waiting", "--json").json["status"] == "completed"


def test_cancel_and_terminate(filled: CommandLine, waits: Path) -> None:
    filled("run", waits, "--id", "two", "--timeout", "0.2", code=1)
    assert filled("cancel", "waiting", "--json").json["status"] == "cancelled"
    assert filled("terminate", "two", "--reason", "enough", "--json").json["status"] == "terminated"
    assert filled("show", "two", "--json").json["error"]["message"] == "enough"
    assert filled("verify", "--all", "--json").json["differences"] == []


def test_an_incident_is_tried_again_with_other_variables(refold: CommandLine, needs_a_person: Path) -> None:
    refold("run", needs_a_person, "--id", "one", code=1)
    assert refold("resolve", "one", "retry", "--json").json["status"] == "incident"
    assert refold("resolve", "one", "retry", "--variables", '{"n": 4}', "--json").json["status"] == "completed"
    assert refold("show", "one", "--json").json["output"] == 3
    assert refold("verify", "one", "--json").json["differences"] == []


def test_an_incident_is_skipped_with_an_output(refold: CommandLine, needs_a_person: Path) -> None:
    refold("run", needs_a_person, "--id", "one", code=1)
    refold("resolve", "one", "skip", "--output", "5", "--incident", "1")
    assert refold("show", "one", "--json").json["output"] == 5


def test_an_incident_may_fail_the_execution(refold: CommandLine, needs_a_person: Path) -> None:
    refold("run", needs_a_person, "--id", "one", code=1)
    assert refold("resolve", "one", "fail", "--json").json["status"] == "failed"


def test_an_unknown_incident_is_named(refold: CommandLine, needs_a_person: Path) -> None:
    refold("run", needs_a_person, "--id", "one", code=1)
    assert "no open incident 9; open: 1" in refold("resolve", "one", "retry", "--incident", "9", code=1).complaint


# One data folder.


def test_the_second_process_on_a_folder_says_who_holds_it_and_readers_read(
    refold: CommandLine, waits: Path, waiting_for_line: WaitForLine
) -> None:
    process = refold.start("run", waits, "--id", "one")
    waiting_for_line(process, "waits for signal approved")
    for words in (["run", waits], ["continue"], ["signal", "one", "approved"], ["cancel", "one"]):
        complaint = refold(*words, code=1).complaint
        assert f"is held by process {process.pid}" in complaint
    assert refold("list", "--json").json[0]["status"] == "running"
    assert refold("show", "one", "--json").json["waiting_for"][0]["names"] == ["approved"]
    assert refold("verify", "--all", "--json").json["differences"] == []
    holder = next(check for check in refold("doctor", "--json").json["checks"] if check["what"] == "held by")
    assert f"process {process.pid}" in holder["found"]


def test_after_a_kill_it_goes_on_and_nothing_is_applied_twice(refold: CommandLine, waiting_for_line: WaitForLine) -> None:
    process = refold.start("run", EXAMPLES / "order_fulfilment.yaml", "--id", "one", "--input", '{"order_id": "A-1", "amount": 9}')
    waiting_for_line(process, "charge completed")
    process.kill()
    process.wait(30)
    assert refold("list", "--json").json[0]["status"] == "running"
    result = refold("continue", "--json").json
    assert result["ended"] == [{"execution_id": "one", "status": "completed"}]
    completed = Counter(event["path"] for event in refold.history("one") if event["type"] == "NodeCompleted")
    assert completed["charge"] == 1
    assert set(completed.values()) == {1}
    assert "0 differences" in refold("verify", "--all").out


def test_sigterm_stops_gently_too(refold: CommandLine, waits: Path, waiting_for_line: WaitForLine) -> None:
    process = refold.start("run", waits, "--id", "one")
    waiting_for_line(process, "waits for signal approved")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert "1 still open" in refold("continue").out


# A damaged data folder: a clear refusal, nothing overwritten.


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a log at all" * 100,
        lambda content: content[: len(content) // 2],
        lambda content: content[:100] + b"\xff" * 4000 + content[4100:],
    ],
    ids=["empty", "foreign", "cut off", "overwritten"],
)
@pytest.mark.parametrize("words", [["verify"], ["run", "waits.yaml"]], ids=lambda words: words[0])
def test_a_damaged_log_is_refused_and_left_as_it_is(filled: CommandLine, damage: Callable[[bytes], bytes], words: list[str]) -> None:
    log = filled.data / "log.db"
    for beside in ("log.db-wal", "log.db-shm"):
        (filled.data / beside).unlink(missing_ok=True)
    damaged = damage(log.read_bytes())
    log.write_bytes(damaged)
    assert str(log) in filled(*words, code=1).complaint
    assert log.read_bytes() == damaged


def test_doctor_names_what_is_damaged(filled: CommandLine) -> None:
    (filled.data / "log.db").write_bytes(b"nothing")
    result = filled("doctor", "--json", code=1).json
    assert [check["what"] for check in result["checks"] if check["state"] == "wrong"] == ["log"]


def test_a_data_folder_that_is_a_file_is_refused(refold: CommandLine, tiny: Path) -> None:
    refold.data.write_text("mine")
    assert "is a file; a data folder is expected" in refold("run", tiny, code=1).complaint
    assert refold.data.read_text() == "mine"
