"""`deploy` and `start`: publishing, and starting by name, on a data folder and at a server."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CommandLine, Result, WaitForLine

Here = Callable[..., Result]
RESULT = {"execution_id", "status", "outcome", "output", "error", "events", "duration_ms"}


@pytest.fixture(params=["folder", "server"])
def place(refold: CommandLine, tiny: Path, waits: Path, request: pytest.FixtureRequest) -> list[str]:
    """The options of a place with the workflows tiny and waits."""
    options = ["--data", str(refold.data)] if request.param == "folder" else ["--server", refold.serve("--data", refold.data)]
    for file in (tiny, waits):
        refold("deploy", file, *options, env={"REFOLD_DATA": ""})
    return options


@pytest.fixture
def here(refold: CommandLine, place: list[str]) -> Here:
    """A command at that place."""

    def call(*words: str | Path, **more: Any) -> Result:
        return refold(*words, *place, env={"REFOLD_DATA": ""}, **more)

    return call


def test_deploy_says_what_was_published_and_whether_it_is_new(refold: CommandLine, here: Here, tiny: Path) -> None:
    again = here("deploy", tiny, "--json").json
    assert (again["name"], again["version"], again["status"], again["created"]) == ("tiny", 1, "active", False)
    changed = here("deploy", refold.file("tiny.yaml", tiny.read_text().replace("* 2", "* 3")), "--json").json
    assert (changed["version"], changed["created"]) == (2, True)
    assert changed["hash"] != again["hash"]
    assert "workflow tiny, version 2, as it was" in here("deploy", tiny).out


def test_deploy_refuses_what_is_invalid(refold: CommandLine, here: Here) -> None:
    bad = refold.file("bad.yaml", "name: x\nnodes: [{id: a, type: delay, config: {for: soon}}]\n")
    assert f"{bad}:2:39: nodes[0].config.for (node a): " in here("deploy", bad, code=2).complaint
    assert "cannot be read" in here("deploy", "nothing.yaml", code=2).complaint


def test_start_only_starts_unless_told_to_wait(here: Here) -> None:
    started = here("start", "waits", "--id", "one", "--json").json
    assert (started["execution_id"], started["status"]) == ("one", "running")
    assert "execution two (waits, version 1) is started" in here("start", "waits", "--id", "two").out
    assert {row["execution_id"] for row in here("list", "--json").json} == {"one", "two"}


def test_start_waits_for_the_end_as_run_does(here: Here) -> None:
    result = here("start", "tiny", "--wait", "--input", '{"n": 5}', "--json")
    assert set(result.json) == RESULT
    assert (result.json["status"], result.json["output"]) == ("completed", {"sum": 10})
    late = here("start", "waits", "--id", "late", "--wait", "--timeout", "0.3", code=1)
    assert "execution late is running after --timeout 0.3 s" in late.err


@pytest.mark.parametrize("way", ["--wait", "--follow"])
def test_whoever_waits_leaves_when_only_a_person_can_help_also_below(refold: CommandLine, here: Here, way: str) -> None:
    here("deploy", refold.file("breaks.yaml", "name: breaks\nnodes: [{id: f, type: fail, config: {type: no.luck, message: none}}]\n"))
    here("deploy", refold.file("parent.yaml", "name: parent\nnodes: [{id: child, type: sub_workflow, config: {workflow: breaks}}]\n"))
    for workflow in ("breaks", "parent"):
        result = here("start", workflow, way, "--id", workflow, code=1)
        assert "no.luck: none" in result.err
        assert "retry --incident 1" in result.err


def test_the_same_start_twice_is_once(here: Here) -> None:
    first, second = (here("start", "waits", "--key", "monday", "--json").json["execution_id"] for _ in range(2))
    assert first == second
    first, second = (here("start", "tiny", "--id", "mine", "--wait", "--json").json for _ in range(2))
    assert first == second
    assert "another request" in here("start", "tiny", "--id", "mine", "--input", '{"n": 1}', code=1).complaint


def test_variables_are_set_at_the_start(refold: CommandLine, here: Here, needs_a_person: Path) -> None:
    here("deploy", needs_a_person)
    assert here("start", "needs_a_person", "--wait", "--variables", '{"n": 4}', "--json").json["output"] == 3
    assert "expected an object" in here("start", "needs_a_person", "--variables", "4", code=2).complaint


def test_follow_prints_every_event_and_then_how_it_ended(here: Here) -> None:
    result = here("start", "tiny", "--id", "one", "--follow", "--json")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert events == [json.loads(line) for line in here("history", "one", "--json").out.splitlines()]
    text = here("start", "tiny", "--id", "two", "--follow").out
    assert text.index("ExecutionCreated") < text.index("ExecutionCompleted") < text.index("execution two (tiny) completed")


def test_follow_of_one_that_is_there_begins_at_its_beginning(here: Here) -> None:
    here("start", "tiny", "--id", "one", "--wait")
    assert "ExecutionCreated" in here("start", "tiny", "--id", "one", "--follow").out


def test_follow_prints_an_event_when_it_happens_and_leaves_on_ctrl_c(
    refold: CommandLine, place: list[str], waiting_for_line: WaitForLine
) -> None:
    process = refold.start("start", "waits", "--id", "one", "--follow", *place)
    waiting_for_line(process, "NodeStarted")
    assert refold("show", "one", "--json", *place).json["status"] == "running"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped; execution one " in errors


def test_follow_at_a_server_sees_what_others_do(refold: CommandLine, waits: Path, waiting_for_line: WaitForLine) -> None:
    url = refold.serve()
    refold("deploy", waits, "--server", url)
    process = refold.start("start", "waits", "--id", "one", "--follow", "--server", url)
    waiting_for_line(process, "NodeStarted")
    refold("signal", "one", "approved", "--server", url)
    waiting_for_line(process, "ExecutionCompleted")
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["start", "nothing"], 1, "workflow nothing: no such workflow is published"),
        (["start", "tiny", "--input", "{"], 2, "--input: not JSON"),
        (["start", "tiny", "--input", '{"n": "x"}'], 2, "/n"),
        (["start", "tiny", "--id", "a", "--key", "b"], 2, "either --id or --key"),
        (["start", "tiny", "--id", "not an id"], 1, "cannot be an execution id"),
        (["start", "tiny", "--variables", '{"x": 1}'], 2, "`x` is not declared"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_start_that_cannot_be_is_refused(here: Here, words: list[str], code: int, said: str) -> None:
    assert said in here(*words, code=code).complaint


def test_a_started_execution_goes_on_with_continue(refold: CommandLine, tiny: Path) -> None:
    refold("deploy", tiny)
    refold("start", "tiny", "--id", "one")
    refold("continue")
    assert refold("show", "one", "--json").json["output"] == {"sum": 42}
    assert "0 differences" in refold("verify").out


def test_deploying_old_content_goes_back_to_it_only_when_asked_to(refold: CommandLine, tiny: Path) -> None:
    newer = refold.file("newer.yaml", tiny.read_text().replace("input * 2", "input * 3"))
    for file in (tiny, newer):
        refold("deploy", file)
    left = refold("deploy", tiny)
    assert "executions go on starting with version 2: --activate goes back to this one" in left.complaint
    assert "start it" not in left.out
    assert refold("start", "tiny", "--wait", "--json").json["output"] == {"sum": 63}
    assert refold("deploy", tiny, "--json").json["status"] == "inactive"
    back = refold("deploy", tiny, "--activate")
    assert "executions start with it again, until now with version 2" in back.complaint
    assert refold("start", "tiny", "--wait", "--json").json["output"] == {"sum": 42}


def test_running_a_file_goes_back_to_its_content_and_says_so(refold: CommandLine, tiny: Path) -> None:
    newer = refold.file("newer.yaml", tiny.read_text().replace("input * 2", "input * 3"))
    for file in (tiny, newer):
        refold("run", file)
    assert "executions start with it again, until now with version 2" in refold("run", tiny).complaint
