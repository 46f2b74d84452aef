"""`refold diff`: two executions, or two moments of one, on a data folder and at a server."""

from __future__ import annotations

import json

from refold import Client
from tests.cli.conftest import CommandLine

ORDER = """
name: order
variables: {total: null}
nodes:
  - {id: check, type: condition, config: {expression: "input.amount > 100"}}
  - {id: sum, type: set_variable, config: {values: {total: "{{ input.amount }}"}}}
  - {id: wait, type: wait_signal, config: {name: go, timeout: 8h}}
  - {id: done, type: end, config: {outcome: paid, output: {got: "{{ input.amount }}"}}}
  - {id: refuse, type: end, config: {outcome: refused}}
edges: [{from: check.true, to: refuse}, {from: check.false, to: sum}, {from: sum, to: wait}, {from: wait.received, to: done}]
"""


def ordered(refold: CommandLine) -> CommandLine:
    file = refold.file("order.yaml", ORDER)
    for name, amount in (("small", 5), ("same", 5), ("big", 500)):
        refold("run", file, "--input", json.dumps({"amount": amount}), "--id", name, "--timeout", "0", code=None)
        refold("continue", "--timeout", "0", code=None)
    return refold


def test_two_that_wait_alike_are_equal_though_their_times_are_not(refold: CommandLine) -> None:
    said = ordered(refold)("diff", "small", "same").out
    assert said.splitlines()[-1] == "no difference"


def test_where_they_part_is_said_first_and_is_the_exit_code(refold: CommandLine) -> None:
    said = ordered(refold)("diff", "small", "big", code=1).out
    assert "\nfirst difference: check\n" in said
    assert '  check: completed by false (event 4) {"amount":5} → completed by true (event 4) {"amount":500}\n' in said
    assert '  /status: "waiting" → "completed"\n' in said or '  /status: "running" → "completed"\n' in said


def test_two_moments_of_one(refold: CommandLine) -> None:
    said = ordered(refold)("diff", "small@2", "small", code=1).out
    assert "  /variables/total: null → 5\n" in said or "  /variables/total: not there → 5\n" in said
    assert refold("diff", "small@2", "small@2").out.endswith("no difference\n")


def test_a_server_and_the_client_say_the_same(refold: CommandLine) -> None:
    ordered(refold)
    here = refold("diff", "small", "big@3", "--json", code=1).json
    url = refold.serve()
    assert refold("diff", "small", "big@3", "--json", "--server", url, code=1).json == here
    with Client(url) as client:
        found = client.compare("small", at=2, other_at=4)
        assert (found["before"]["at"], found["after"]["at"]) == (2, 4)
        assert client.compare("small", other="big")["first"]["path"] == "check"
    assert refold("diff", "small", "gone", "--server", url, code=1).complaint.startswith("refold: there is no execution gone")


def test_what_there_is_not_is_named(refold: CommandLine) -> None:
    ordered(refold)
    assert refold("diff", "small@99", "big", code=1).complaint.startswith("refold: execution small has the versions 1 to ")
    assert refold("diff", "small@0", "big", code=2).complaint.startswith("refold: expected EXECUTION@VERSION with the number of an event")
    assert refold("diff", "nobody", "big", code=1).complaint.startswith("refold: there is no execution nobody")
    assert refold("diff", "small@x", "big", code=1).complaint.startswith("refold: there is no execution small@x")


def test_a_name_with_a_line_break_makes_no_line_of_its_own(refold: CommandLine) -> None:
    file = refold.file("tiny.yaml", "name: tiny\nnodes: [{id: a, type: noop}]\n")
    for number in (1, 2):
        refold("run", file, "--input", json.dumps({"a\nno difference\n": {"b": number}}), "--id", f"e{number}")
    said = refold("diff", "e1", "e2", code=1).out.splitlines()
    assert "no difference" not in said
    assert "  /input/a\\nno difference\\n/b: 1 → 2" in said
