"""`refold debug`, and `--break`: a living execution in a data folder and at a server, by single commands and by those of a pipe."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import DEADLINE_S, CommandLine, Result

ORDER = """
name: order
variables: {limit: 10}
nodes:
  - {id: price, type: transform, config: {operation: value, value: {sum: "{{ input.total * 2 }}"}}}
  - {id: check, type: condition, config: {expression: "data.sum < vars.limit"}}
  - {id: ship, type: transform, config: {operation: value, value: {shipped: "{{ data.sum }}"}}}
  - {id: refuse, type: fail, config: {type: too_much, message: "no"}}
edges: [{from: price, to: check}, {from: check.true, to: ship}, {from: check.false, to: refuse}]
"""


@pytest.fixture
def begun(refold: CommandLine) -> CommandLine:
    refold("run", refold.file("order.yaml", ORDER), "--input", '{"total": 20}', "--id", "o", "--break", "check", code=1)
    return refold


def typed(refold: CommandLine, lines: str, *words: str, code: int = 0) -> Result:
    line = [sys.executable, "-m", "refold", "debug", "o", *words]
    done = subprocess.run(
        line, cwd=refold.folder, env=refold._environment, input=lines, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode == code, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def test_an_execution_that_halts_says_so_wherever_one_looks(refold: CommandLine) -> None:
    words = ("--input", '{"total": 20}', "--id", "o", "--break", "check", "--if", "data.sum > 30")
    said = refold("run", refold.file("order.yaml", ORDER), *words, code=1)
    assert "waits for the end of the halt at check (check of anonymous, until " in said.err
    assert "refold debug o" in said.err
    assert "the end of the halt at check" in refold("list").out
    assert refold("waiting", "--filter", "waits_for == 'halt'").out.splitlines()[1].split()[:5] == ["o", "order", "check", "halt", "check"]
    assert "released by whoever debugs it, or the clock at " in refold("why", "o").out
    other = refold(
        "run", refold.file("order.yaml", ORDER), "--input", '{"total": 2}', "--id", "p", "--break", "check", "--if", "data.sum > 30"
    )
    assert '"shipped": 4' in other.out


def test_lines_of_a_pipe_look_change_and_step(begun: CommandLine) -> None:
    said = typed(begun, 'set limit=100\nover\nbreaks\ncomplete {"by": "hand"}\n', "--as", "ada").out
    assert "  check (condition) stands since " in said
    assert "    vars.limit 100" in said
    assert "  ship (transform) stands since " in said
    assert "by step:check of ada" in said
    assert "check: its branch halts, by anonymous" in said
    assert said.splitlines()[-1] == "execution o is completed"
    assert begun("show", "o", "--json").json["output"] == {"by": "hand"}
    assert "0 differences" in begun("verify").out


def test_single_commands_do_the_same(begun: CommandLine) -> None:
    assert begun("debug", "o", "break", "failure", "all", "for", "2h", "if", "error.type", "==", "'too_much'").out.splitlines()[-1] == (
        "failure:* if error.type == 'too_much': the whole execution halts, by anonymous"
    )
    said = begun("debug", "o", "continue").out
    assert "attempt 1 failed: too_much: no" in said
    assert begun("debug", "o", "show", "--json").json["halts"][0]["halts"] == "all"
    assert begun("debug", "o", "clear").out == "there are no breakpoints\n"
    assert begun("debug", "o", "fail", "own:", "mine").out.startswith("execution o is incident; it halts nowhere, and waits for incident 1")


def test_lines_that_cannot_be_done_are_told_and_change_nothing(begun: CommandLine) -> None:
    wrong = {
        "jump": "there is no command 'jump'",
        "break nowhere": "no node 'nowhere'",
        "break": "expected [failure|change] TARGET",
        "break check for ever": "'ever' is no duration",
        "break check if 1 +": "/breakpoints/0/if",
        "break change limt": "did you mean limit?",
        "to": "expected to NODE",
        "to shp": "did you mean ship?",
        "use ship": "it does not halt at 'ship'; it halts check",
        "set limit": "expected set NAME=JSON",
        "set limit=no": "limit",
        "set nothing=1": "check sees no variable nothing",
        "result ship=1": "it has not ended",
        "retry": "has not failed",
        "complete by nowhere": "it has true, false",
        "clear nothing": "there is no breakpoint nothing",
        "ÿ": "there is no command",
    }
    before = begun("show", "o", "--json").json
    done = typed(begun, "".join(f"{line}\n" for line in wrong), code=1)
    told = done.err.splitlines()
    assert [says for (line, says), found in zip(wrong.items(), told, strict=True) if says not in found] == []
    assert begun("show", "o", "--json").json == before


def test_an_execution_that_there_is_not_is_told(begun: CommandLine) -> None:
    assert "there is no execution nothing" in begun("debug", "nothing", "show", code=1).err


def test_where_it_is_turned_off_nothing_is_debugged_and_what_halts_goes_on(begun: CommandLine) -> None:
    assert "setting `debugger`" in begun("debug", "o", "over", "--set", "debugger=false", code=1).err
    assert "execution o is incident" in begun("debug", "o", "continue", "--set", "debugger=false").out
