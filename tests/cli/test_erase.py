"""Erasing from the command line."""

import re

from tests.cli.conftest import CommandLine

LETTER = """
name: letter
settings: {erasable: true}
nodes: [{id: wait, type: wait_signal, config: {name: go}}]
"""
MARKER = "MARKER-Ada"


def test_an_erased_execution_is_shown_listed_and_verified_as_one(refold: CommandLine) -> None:
    refold("deploy", refold.file("letter.yaml", LETTER))
    refold("start", "letter", "--id", "x", "--input", f'{{"who": "{MARKER}"}}')
    assert "it is erased once it has ended" in refold("erase", "x", code=1).complaint
    refold("terminate", "x")
    assert "1 execution of these sealed, and read with the keys" in refold("verify").out
    assert "execution x: erased" in refold("erase", "x", "--reason", "she asked").out
    assert refold("show", "x", "--json").json["error"]["details"]["reason"] == "she asked"
    assert [event["type"] for event in refold.history("x")] == ["ExecutionErased"]
    assert [row["status"] for row in refold("list", "--json").json] == ["terminated"]
    told = refold("verify").out
    assert "1 execution erased: the chain of digests is unbroken" in told
    assert re.search(r"^  x at \S+Z by \S+: she asked$", told, re.MULTILINE)
    (erased,) = refold("verify", "x", "--json").json["erased"]
    assert (erased["execution"], erased["reason"]) == ("x", "she asked")
    assert refold("verify", "x", "--json").json["sealed"] == {"opened": 0, "erased": 1, "closed": 0}
    assert [path for path in refold.data.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()] == []
    assert "execution x was erased: how it was after its event 2" in refold("show", "x", "--at", "2", code=1).complaint
    for words in (("--type", "execution.completed"), ("--filter", "subject == 'another'")):
        assert refold("follow", "x", *words, code=1).out.endswith("  x  execution.erased  reason she asked\n")
    assert refold("follow", "x", code=1).out.endswith("  x  execution.erased  reason she asked\n")


def test_a_journal_alone_is_verified_without_its_keys(refold: CommandLine) -> None:
    refold("deploy", refold.file("letter.yaml", LETTER))
    refold("start", "letter", "--id", "x")
    (refold.data / "keys").rename(refold.folder / "keys")
    said = refold("verify").out
    assert "0 differences" in said
    assert "1 execution sealed, and the keys are not here: the chain of digests is unbroken" in said


def test_the_setting_seals_all(refold: CommandLine) -> None:
    file = refold.file("plain.yaml", "name: plain\nnodes: [{id: a, type: noop}]")
    refold("run", file, "--id", "x", "--input", f'{{"who": "{MARKER}"}}', env={"REFOLD_ERASABLE": "true"})
    assert [path for path in refold.data.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()] == []
    refold("erase", "x")


PARENT = """
name: parent
settings: {erasable: true}
nodes: [{id: sub, type: sub_workflow, config: {workflow: letter, input: {who: "{{ input.who }}"}}}]
"""


STUBBORN = """
name: parent
settings: {erasable: true}
nodes:
- {id: sub, type: sub_workflow, config: {workflow: letter, input: {who: "{{ input.who }}"}}}
- {id: again, type: sub_workflow, config: {workflow: letter, input: {who: "{{ input.who }}"}}}
edges: [{from: sub.error, to: again}]
"""


def test_all_that_a_filter_takes_are_erased_and_those_alone(refold: CommandLine) -> None:
    file = refold.file("note.yaml", "name: note\nsettings: {erasable: true, search: {who: input.who}}\nnodes: [{id: a, type: noop}]")
    for name in ("ada", "ada2", "bo"):
        refold("run", file, "--id", name, "--input", f'{{"who": "{name[:3]}"}}')
    words = ("erase", "--filter", "search.who == 'ada'", "--json")
    told = refold(*words, "--dry-run").json
    assert [(one["execution_id"], one["done"]) for one in told] == [("ada", "would be erased"), ("ada2", "would be erased")]
    assert "0 differences" in refold("verify").out
    assert [one["done"] for one in refold(*words).json] == ["erased", "erased"]
    assert refold("show", "bo", "--json").json["error"] is None
    assert {row["execution_id"] for row in refold("list", "--filter", "has(error.type) && error.type == 'erased'", "--json").json} == {
        "ada",
        "ada2",
    }


def test_with_force_and_children_what_is_open_and_what_it_has_started_goes_too(refold: CommandLine) -> None:
    refold("deploy", refold.file("letter.yaml", LETTER))
    refold("deploy", refold.file("parent.yaml", PARENT))
    refold("start", "parent", "--id", "p", "--input", f'{{"who": "{MARKER}"}}')
    assert refold("erase", "p", "--children", code=1).err.count("it is erased once it has ended") == 2
    told = refold("erase", "--execution", "p", "--children", "--force", "--json").json
    assert [(one["execution_id"], one["done"]) for one in told] == [("p~sub", "erased"), ("p", "erased")]
    assert "2 executions erased" in refold("verify").out
    assert [path for path in refold.data.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()] == []


def test_what_a_parent_starts_as_its_child_is_stopped_goes_too(refold: CommandLine) -> None:
    refold("deploy", refold.file("letter.yaml", LETTER))
    refold("deploy", refold.file("parent.yaml", STUBBORN))
    refold("start", "parent", "--id", "p", "--input", f'{{"who": "{MARKER}"}}')
    told = refold("erase", "p", "--children", "--force", "--json").json
    assert {one["done"] for one in told} == {"erased"}
    rows = refold("list", "--json").json
    assert {row["execution_id"]: row["error"]["type"] for row in rows} == dict.fromkeys((one["execution_id"] for one in told), "erased")


def test_one_says_which_are_to_be_erased(refold: CommandLine) -> None:
    refold("deploy", refold.file("letter.yaml", LETTER))
    assert "say which" in refold("erase", code=2).complaint
    assert "say which" in refold("erase", "x", "--filter", "true", code=2).complaint
    assert "there is no execution x" in refold("erase", "x", code=1).complaint
