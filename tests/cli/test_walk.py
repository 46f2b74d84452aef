"""`refold walk`: an execution event by event, with commands from a pipe, and from a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from subprocess import PIPE
from typing import Any

import pytest

from tests import preloaded
from tests.cli.conftest import DEADLINE_S, CommandLine, Result

ORDER = """
name: order
variables: {total: 0}
settings: {on_failure: fail}
nodes:
  - {id: sum, type: set_variable, config: {values: {total: "{{ input.amount * 2 }}"}}}
  - {id: pay, type: code, config: {source: "10 // input", input: "{{ vars.total }}"}}
  - {id: done, type: end, config: {outcome: paid}}
edges: [{from: sum, to: pay}, {from: pay, to: done}]
"""


class Walking:
    """Types lines into a walk."""

    def __init__(self, refold: CommandLine) -> None:
        self._refold = refold

    def __call__(self, execution: str, typed: str, *words: str, code: int = 0) -> Result:
        streams: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, "text": True}
        with preloaded.begin("walk", execution, *words, cwd=self._refold.folder, env=self._refold._environment, **streams) as process:
            out, err = process.communicate(typed, timeout=DEADLINE_S)
        assert process.returncode == code, err
        return Result(process.returncode, out, err)


@pytest.fixture
def walk(refold: CommandLine) -> Walking:
    file = refold.file("order.yaml", ORDER)
    refold("run", file, "--input", '{"amount": 2}', "--id", "good")
    refold("run", file, "--input", '{"amount": 0}', "--id", "bad", code=1)
    return Walking(refold)


def heads(said: str) -> list[str]:
    """Which events were shown."""
    return [" ".join(line.split()[4:-2]) for line in said.splitlines() if line.startswith("event ")]


def test_forward_and_back_and_an_empty_line_is_the_last_move_again(walk: Walking) -> None:
    said = walk("good", "n\n\nback\ngo last\nb 2\nq\nn\n").out
    numbers = [int(line.split()[1]) for line in said.splitlines() if line.startswith("event ")]
    last = numbers[4]
    assert numbers == [1, 2, 3, 2, last, last - 2]


def test_event_and_state_stand_side_by_side(walk: Walking) -> None:
    said = walk("good", "go last\n").out.splitlines()
    assert any(line.split("│")[1].strip() == "status completed paid" for line in said if "│" in line)


def test_it_goes_to_failures_nodes_and_breakpoints(walk: Walking) -> None:
    assert heads(walk("bad", "f\nback\nnode pay\n").out)[1] in ("NodeFailed pay", "IncidentRaised pay")
    assert heads(walk("good", "node done\nfirst\n", code=1).out)[-1].endswith(" done")
    said = walk("good", "c\nc\nr\n", "--break", "pay", "--watch", "vars.total").out
    assert all(head.endswith(" pay") for head in heads(said)[1:4])
    assert "watch vars.total = 4" in said


def test_a_condition_halts_where_it_first_holds_and_watches_follow(walk: Walking) -> None:
    said = walk("good", "break if vars.total > 3\nwatch execution.status + ' ' + event.type\nc\n").out
    assert heads(said)[-1] == "VariableSet"
    assert "watch execution.status + ' ' + event.type = \"running VariableSet\"" in said


def test_state_and_event_are_whole_on_demand(walk: Walking) -> None:
    assert '"workflow_version"' in walk("good", "state\n").out or '"workflow": "order"' in walk("good", "state\n").out
    assert '"type": "ExecutionCreated"' in walk("good", "event\n").out


@pytest.mark.parametrize(("typed", "says"), [
    ("go 99", "execution good has the versions 1 to "),
    ("go x", "expected go VERSION, found 'x'"),
    ("n " + "9" * 5_000, "expected a count of events, found '99"),
    ("fly", "there is no command 'fly': `help` lists them"),
    ("break nowhere", "there is no node 'nowhere' in workflow order: it has done, pay, sum"),
    ("break if foo", "unknown name `foo`"),
    ("watch nodes.pay.output", "there is no `nodes` here; expected one of event, input, vars, execution"),
    ("watch (", "refold: "),
    ("f", "no failure follows"),
])  # fmt: skip
def test_what_cannot_be_done_is_said_and_the_walk_goes_on(walk: Walking, typed: str, says: str) -> None:
    done = walk("good", f"{typed}\nn\n", code=1)
    assert says in done.err
    assert heads(done.out)[-1] == "ExecutionStarted"


def test_a_line_that_is_no_text_is_refused_and_the_walk_goes_on(walk: Walking) -> None:
    environment = {**walk._refold._environment, "PYTHONIOENCODING": "utf-8:strict"}
    line = [sys.executable, "-m", "refold", "walk", "good"]
    done = subprocess.run(
        line, cwd=walk._refold.folder, env=environment, input=b"\xff\nn\n", capture_output=True, timeout=DEADLINE_S, check=False
    )
    assert (done.returncode, heads(done.stdout.decode())[-1]) == (1, "ExecutionStarted")
    assert done.stderr.startswith(b"refold: there is no command ")


def test_what_there_is_not_is_named(walk: Walking) -> None:
    assert "there is no execution gone" in walk("gone", "", code=1).err
    assert "expected one of event, input" in walk("good", "", "--watch", "trigger.x", code=2).err
    assert "has the versions 1 to " in walk("good", "", "--at", "99", code=1).err


def test_in_a_terminal_it_says_where_one_stands(walk: Walking) -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "refold", "walk", "good"], cwd=walk._refold.folder, env=walk._refold._environment,
        stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    said = b""
    while b"1/" not in said or not said.rstrip().endswith(b">"):
        said += os.read(master, 4096)
    os.write(master, b"fly\nn\nq\n")
    assert process.wait(DEADLINE_S) == 0
    os.close(master)
