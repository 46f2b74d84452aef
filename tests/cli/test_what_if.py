"""`refold what-if` and the gate of `deploy`: what another version would have made of recorded executions, on a data folder."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.cli.conftest import CommandLine

ORDER = """
name: order
nodes:
  - {id: check, type: condition, config: {expression: "input.amount > 100"}}
  - {id: pay, type: code, config: {source: "{'paid': input['amount']}"}}
  - {id: done, type: end, config: {outcome: paid, output: {got: "{{ input.amount }}"}}}
  - {id: refuse, type: end, config: {outcome: refused}}
edges: [{from: check.true, to: refuse}, {from: check.false, to: pay}, {from: pay, to: done}]
"""
STRICT = ORDER.replace("> 100", "> 60")
WORDED = ORDER.replace("'paid': input", "'sum': input")
RENAMED = ORDER.replace("{got:", "{amount:")


@pytest.fixture
def ordered(refold: CommandLine) -> CommandLine:
    file = refold.file("order.yaml", ORDER)
    for number, amount in enumerate((5, 150, 80)):
        refold("run", file, "--input", f'{{"amount": {amount}}}', "--id", f"order-{number}")
    return refold


def test_a_version_that_changes_nothing_says_so(ordered: CommandLine) -> None:
    said = ordered("what-if", "order@1").out
    assert said == "order@1 decided over 3 recorded executions of order:\n       3  unchanged\n"


def test_what_would_change_is_said_and_is_the_exit_code(ordered: CommandLine) -> None:
    said = ordered("what-if", ordered.file("strict.yaml", STRICT), code=1).out
    assert "       1  another outcome\n          order-2: completed paid → completed refused, first at check\n" in said
    assert said.endswith("call pay (code) is not made any more: 1\n")
    told = ordered("what-if", ordered.file("worded.yaml", WORDED), "--json", code=1).json
    assert told["verdicts"] == {"unchanged": 1, "path": 0, "output": 0, "outcome": 0, "new_calls": 2, "not_decided": 0}
    assert told["new_calls"] == [{"node": "pay", "name": "code", "why": "asked_otherwise", "count": 2}]
    assert [one["execution_id"] for one in told["executions"]] == ["order-0", "order-2"]


def test_what_has_to_stay_is_said_and_written_as_junit(ordered: CommandLine) -> None:
    renamed = ordered.file("renamed.yaml", RENAMED)
    assert "2  another output" in ordered("what-if", renamed, "--junit", "out.xml", code=1).out
    suite = ElementTree.parse(ordered.folder / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), len(suite.findall("testcase/failure"))) == ("3", "2", 2)
    ordered("what-if", renamed, "--unchanged", "outcome")
    ordered("what-if", ordered.file("worded.yaml", WORDED), "--allow-new-calls")


def test_the_executions_are_picked_by_age_number_and_filter(ordered: CommandLine) -> None:
    def compared(*options: str) -> int:
        return int(ordered("what-if", "order", "--json", *options).json["compared"])

    assert (compared("--last", "2"), compared("--since", "1h"), compared("--filter", "outcome == 'paid'")) == (2, 3, 2)
    assert compared("--filter", "outcome == 'paid'", "--last", "1") == 1
    assert compared("--jobs", "2") == 3


def test_test_runs_and_other_workflows_do_not_count(ordered: CommandLine) -> None:
    ordered("run", ordered.file("other.yaml", ORDER.replace("name: order", "name: other")), "--input", '{"amount": 1}')
    assert ordered("what-if", "order", "--json").json["compared"] == 3
    assert ordered("what-if", "order", "--against", "other", "--json").json["compared"] == 1


def test_nothing_to_compare_is_a_failure_and_so_is_what_is_unknown(ordered: CommandLine) -> None:
    def complaint(*words: str, code: int = 2) -> str:
        return ordered("what-if", *words, code=code).complaint

    assert complaint("order", "--filter", "outcome == 'lost'").startswith("refold: no recorded execution of order is wanted")
    assert complaint("order@7", code=1) == "refold: workflow order, version 7: it has 1"
    assert complaint("order@one").startswith("refold: expected NAME@VERSION with a number")
    assert complaint("missing.yaml") == "refold: there is no file missing.yaml"
    assert complaint("order", "--since", "soon").startswith("refold: --since: expected a duration like 30d or 12h, found 'soon'")
    assert "unknown name `colour`" in complaint("order", "--filter", "colour == 'red'")


def test_the_gate_publishes_what_leaves_outcomes_alone_and_nothing_else(ordered: CommandLine) -> None:
    ordered.file("strict.yaml", STRICT)
    refused = ordered("deploy", "strict.yaml", "--gate", "last 1000: outcome unchanged", code=1)
    assert refused.complaint == "refold: strict.yaml is not published: the gate 'last 1000: outcome unchanged' does not let it pass"
    assert [row["version"] for row in ordered("workflows", "versions", "order", "--json").json] == [1]
    ordered("deploy", ordered.file("renamed.yaml", RENAMED), "--gate", "since 1d: outcome unchanged")
    assert [row["version"] for row in ordered("workflows", "versions", "order", "--json").json] == [1, 2]
    said = ordered("deploy", ordered.file("strict.yaml", STRICT), "--gate", "outcome unchanged", code=2).complaint
    assert said.startswith('refold: --gate: expected "last N: WHAT unchanged"')


def test_a_server_says_the_same_and_its_gate_too(ordered: CommandLine) -> None:
    ordered.file("strict.yaml", STRICT)
    here = ordered("what-if", "strict.yaml", code=1).out
    at = ("--server", ordered.serve())
    assert ordered("what-if", "strict.yaml", *at, code=1).out == here
    assert ordered("what-if", "order@1", "--since", "1h", *at).out.endswith("3  unchanged\n")
    assert ordered("what-if", "order@9", *at, code=1).complaint == "refold: workflow order, version 9: it has 1"
    assert ordered("what-if", "order", "--jobs", "2", *at, code=2).complaint.startswith("refold: --kinds and --jobs are for a log")
    refused = ordered("deploy", "strict.yaml", "--gate", "last 10: output unchanged", *at, code=1)
    assert "is not published" in refused.complaint
    ordered("deploy", ordered.file("renamed.yaml", RENAMED), "--gate", "last 10: outcome unchanged", *at)
