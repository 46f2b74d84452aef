"""Kinds of one's own on the command line: named to `validate`, and run beside an execution by `run --worker`."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine

ACTIVITIES = """
import os, refold

@refold.activity
def greet(who: str) -> str:
    return f"Hello, {who}!"

@refold.activity(name="where")
def tell(given: dict) -> int:
    return os.getpid()
"""
GREETS = """
name: greets
nodes:
  - {id: hi, type: greet}
  - {id: at, type: where}
  - {id: done, type: end, config: {output: ["{{ nodes.hi.output }}", "{{ nodes.at.output }}"]}}
edges: [{from: hi, to: at}, {from: at, to: done}]
"""


@pytest.fixture
def greets(refold: CommandLine) -> Path:
    refold.file("own_activities.py", ACTIVITIES)
    return refold.file("greets.yaml", GREETS)


def test_a_kind_of_ones_own_is_refused_by_itself_and_taken_where_a_module_or_a_file_names_it(refold: CommandLine, greets: Path) -> None:
    assert "greets.yaml:4:14: nodes[0].type (node hi): there is no kind `greet`" in refold("validate", greets, code=2).err
    assert refold("validate", greets, "--kinds", "own_activities").err == ""
    refold.file("kinds.json", json.dumps(["greet", {"kind": "where"}]))
    assert "is valid" in refold("validate", greets, "--kinds", "kinds.json").out


def test_what_is_no_list_of_kinds_is_refused(refold: CommandLine, greets: Path) -> None:
    refold.file("kinds.json", '{"greet": 1}')
    assert "kinds.json: expected a JSON list of kinds" in refold("validate", greets, "--kinds", "kinds.json", code=2).complaint
    assert "nothing_there" in refold("validate", greets, "--kinds", "nothing_there", code=2).complaint


def test_a_run_with_a_worker_ends_as_any_other_and_leaves_no_process(refold: CommandLine, greets: Path) -> None:
    result = refold("run", greets, "--worker", "own_activities", "--input", '"Ada"', "--id", "one", "--json")
    greeting, pid = result.json["output"]
    assert (result.json["status"], greeting) == ("completed", "Hello, Ada!")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert refold("show", "one", "--json").json["status"] == "completed"


def test_a_worker_that_cannot_start_is_told_before_anything_runs(refold: CommandLine, greets: Path) -> None:
    refold.file("broken.py", "raise RuntimeError('not today')")
    assert "RuntimeError: not today" in refold("run", greets, "--worker", "broken", code=2).complaint
    assert not refold.data.exists()


def test_a_worker_lists_its_kinds(refold: CommandLine, greets: Path) -> None:
    assert refold("worker", "own_activities", "--kinds").json == ["greet", "where"]


def test_a_workflow_that_is_not_published_is_a_warning(refold: CommandLine) -> None:
    calls = refold.file("calls.yaml", "name: calls\nnodes:\n  - {id: child, type: sub_workflow, config: {workflow: tinny}}\n")
    result = refold("validate", calls)
    assert "is valid" in result.out
    assert "calls.yaml:3:46: nodes[0].config.workflow (node child): the workflow `tinny` is not published" in result.complaint
    refold.file("tinny.yaml", "name: tinny\nnodes: [{id: a, type: noop}]\n")
    refold("deploy", "tinny.yaml")
    assert refold("validate", calls, "--json").json["warnings"] == []


MENDED = """
import os, refold

@refold.activity
def greet(who: str) -> str:
    if not os.path.exists("mended"):
        raise refold.ActivityError("greet.silent", "no voice", retryable=False)
    return f"Hello, {who}!"
"""
GREETS_ONCE = "name: greets_once\nnodes: [{id: hi, type: greet}]\n"


def test_the_hint_of_a_run_with_a_worker_resolves_its_incident_with_the_worker(refold: CommandLine) -> None:
    refold.file("mended_activities.py", MENDED)
    greets = refold.file("greets_once.yaml", GREETS_ONCE)
    stuck = refold("run", greets, "--worker", "mended_activities", "--input", '"Ada"', "--id", "one", code=1)
    hint = next(line for line in stuck.err.splitlines() if "resolve one" in line).rpartition("refold ")[2]
    assert hint.endswith("--worker mended_activities")
    refold.file("mended", "")
    assert "it is completed" in refold(*hint.split()).out


def test_a_command_with_a_worker_makes_no_data_folder(refold: CommandLine, greets: Path) -> None:
    assert "nowhere" in refold("resolve", "one", "retry", "--worker", "own_activities", "--data", "nowhere", code=1).complaint
    assert not (refold.data.parent / "nowhere").exists()
