"""`refold run`: exit codes, what it says, and what bad input gets."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CommandLine, WaitForLine

SHAPE = {"execution_id", "status", "outcome", "output", "error", "events", "duration_ms"}


def test_a_completed_execution_ends_with_0_and_shows_output_and_where_to_look(refold: CommandLine, tiny: Path) -> None:
    result = refold("run", tiny, "--id", "one", "--input", '{"n": 4}')
    assert '"sum": 8' in result.out
    for command in ("history one", "show one", "verify one"):
        assert f"refold {command}" in result.out
    assert result.err == ""


def test_with_json_there_is_exactly_one_object(refold: CommandLine, tiny: Path) -> None:
    result = refold("run", tiny, "--json", "--input", "{}")
    assert set(result.json) == SHAPE
    assert result.json["status"] == "completed"
    assert result.json["outcome"] == "good"
    assert result.json["output"] == {"sum": 42}
    assert result.json["error"] is None
    assert result.json["events"] == len(refold.history(result.json["execution_id"]))


def test_the_input_may_stand_in_a_file(refold: CommandLine, tiny: Path) -> None:
    refold.file("input.json", '{"n": 5}')
    assert refold("run", tiny, "--json", "--input", "@input.json").json["output"] == {"sum": 10}


def test_a_failed_execution_ends_with_1_and_says_why(refold: CommandLine, fails: Path) -> None:
    result = refold("run", fails, "--json", code=1)
    assert (result.json["status"], result.json["error"]["type"], result.json["error"]["node"]) == ("failed", "order.refused", "no")
    assert "order.refused: not today at no" in refold("run", fails, code=1).complaint


def test_an_incident_ends_with_1_and_says_how_to_resolve_it(refold: CommandLine, needs_a_person: Path) -> None:
    result = refold("run", needs_a_person, "--id", "one", "--json", code=1)
    assert result.json["status"] == "incident"
    assert result.json["error"]["type"] == "ZeroDivisionError"
    assert "refold resolve one retry --incident 1" in result.complaint


def test_a_wait_for_a_signal_ends_at_the_timeout(refold: CommandLine, waits: Path) -> None:
    result = refold("run", waits, "--id", "one", "--timeout", "0.3", code=1)
    assert "refold signal one approved" in result.err
    assert "refold continue" in result.err


def test_the_same_request_twice_is_once(refold: CommandLine, tiny: Path) -> None:
    first = refold("run", tiny, "--id", "one", "--json", "--input", '{"n": 1}').json
    assert refold("run", tiny, "--id", "one", "--json", "--input", '{"n": 1}').json == first
    assert "another request" in refold("run", tiny, "--id", "one", "--input", '{"n": 2}', code=1).complaint


def test_a_sub_workflow_is_published_with_it(refold: CommandLine, tiny: Path) -> None:
    parent = refold.file("parent.yaml", "name: parent\nnodes: [{id: child, type: sub_workflow, config: {workflow: tiny, input: {n: 3}}}]\n")
    assert refold("run", parent, "--with", tiny, "--json").json["output"] == {"sum": 6}


def test_files_are_closed_unless_a_folder_is_named(refold: CommandLine) -> None:
    refold.file("note.txt", "hello")
    reads = refold.file(
        "reads.yaml", "name: reads\nsettings: {on_failure: fail}\nnodes: [{id: note, type: read_file, config: {path: note.txt}}]\n"
    )
    assert refold("run", reads, "--json", code=1).json["error"]["type"] == "file.forbidden"
    assert refold("run", reads, "--json", "--files", ".").json["output"] == "hello"


def test_an_output_that_became_a_blob_is_shown_whole(refold: CommandLine) -> None:
    source = json.dumps("'x' * 100000")
    big = refold.file("big.yaml", f"name: big\nnodes: [{{id: big, type: code, config: {{source: {source}}}}}]\n")
    result = refold("run", big, "--id", "one", "--json")
    assert result.json["output"] == "x" * 100_000
    assert refold("show", "one", "--json").json["output"] == "x" * 100_000


def test_ctrl_c_stops_gently_and_leaves_the_execution_open(refold: CommandLine, waits: Path, waiting_for_line: WaitForLine) -> None:
    process = refold.start("run", waits, "--id", "one")
    waiting_for_line(process, "waits for signal approved")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "refold continue" in err
    assert refold("list", "--json").json[0]["status"] == "running"


# Bad input: one line, and 2.


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("broken.yaml", "name: x\nnodes: [\n  {id: a, type: noop\n", "broken.yaml:4:1: not YAML"),
        ("broken.json", '{"name": "x",\n "nodes": [}', "broken.json:2:12: not JSON"),
        ("list.yaml", "- 1\n", "expected an object"),
        ("empty.yaml", "", "empty"),
        ("binary.yaml", "\x00\x01", ""),
        ("big.yaml", "name: x # " + "x" * 10_000_000, "DEFINITION_BYTES_MAX"),
        ("deep.json", "[" * 100 + "]" * 100, "expected an object"),
        ("deep.yaml", "name: x\nnodes: " + "[" * 300 + "]" * 300, "at most 200 deep"),
        ("many.yaml", "name: x\nnodes:\n" + "".join(f"- {{id: n{i}, type: noop}}\n" for i in range(10_000)), "NODES_MAX"),
    ],
)
def test_a_bad_document_gets_one_line_that_names_it(refold: CommandLine, name: str, content: str, expected: str) -> None:
    file = refold.file(name, content)
    complaint = refold("run", file, code=2).complaint
    assert str(file) in complaint
    assert expected in complaint
    assert not refold.data.exists()


def test_a_hundred_bodies_within_each_other_meet_a_limit_with_a_name(refold: CommandLine) -> None:
    body: dict[str, Any] = {"nodes": [{"id": "n", "type": "noop"}]}
    for _ in range(100):
        body = {"nodes": [{"id": "n", "type": "repeat", "config": {"times": 1, "body": body}}]}
    file = refold.file("deep.json", json.dumps({"name": "deep", **body}))
    assert "bodies may be nested 32 deep" in refold("run", file, code=2).complaint


def test_each_problem_of_a_definition_gets_a_line_with_path_rule_and_fix(refold: CommandLine) -> None:
    file = refold.file("bad.yaml", "name: x\nnodes: [{id: a, type: nop}]\nedges: [{from: a, to: b}]\n")
    lines = refold("run", file, code=2).err.splitlines()
    assert len(lines) == 2
    assert any("nodes[0].type" in line and "(unknown_kind)" in line and "did you mean `noop`?" in line for line in lines)
    problems = refold("run", file, "--json", code=2).json["error"]["details"]
    assert {problem["rule"] for problem in problems} == {"unknown_kind", "unknown_node"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--input", '{"n": '), "line 1, column 7"),
        (("--input", '{"n": "four"}'), "/n"),
        (("--input", "@nothing.json"), "nothing.json cannot be read"),
        (("--input", "NaN"), "NaN"),
        (("--files", "nowhere"), "expected a folder"),
        (("--timeout", "soon"), "--timeout"),
        (("--frobnicate",), "--frobnicate"),
        (("--with", "nothing.yaml"), "nothing.yaml cannot be read"),
    ],
)
def test_a_bad_argument_gets_one_line_that_names_it(refold: CommandLine, tiny: Path, words: tuple[str, ...], expected: str) -> None:
    assert expected in refold("run", tiny, *words, code=2).complaint


def test_a_bad_id_is_refused(refold: CommandLine, tiny: Path) -> None:
    assert "cannot be an execution id" in refold("run", tiny, "--id", "a b", code=1).complaint


def test_a_missing_file_is_named(refold: CommandLine) -> None:
    assert "nothing.yaml cannot be read: No such file" in refold("run", Path("nothing.yaml"), code=2).complaint


def test_bad_input_with_json_is_one_object_too(refold: CommandLine, tiny: Path) -> None:
    result = refold("run", tiny, "--json", "--input", '{"n": "four"}', code=2)
    assert set(result.json) == SHAPE
    assert result.json["error"]["type"] == "input.invalid"
    assert result.json["error"]["details"][0]["path"] == "/n"
