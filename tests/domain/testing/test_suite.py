"""Every field of a file with tests is checked, and what is wrong says where, what was expected, and what to write."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from contracts.workflow_tests import CASES_MAX
from domain.definition.tests_schema import tests_schema as schema_of_tests
from domain.testing import fill
from domain.testing import suite as suites
from tests.domain.testing.test_world import TASK, WAITS
from tests.domain.testing.trying import LINE, problems, results, suite

WRONG = [
    ("cases: [{name: a, inputs: 1}]", "cases[0].inputs", "unknown_field", "did you mean `input`?"),
    ("cases: [{input: 1}]", "cases[0].name", "missing_field", "add `name"),
    ("cases: []", "cases", "out_of_range", "at least 1"),
    ("cases: [3]", "cases[0]", "wrong_type", "begin with `name"),
    ("cases: [{name: a, mocks: {frist: {output: 1}}}]", "cases[0].mocks.frist", "unknown_node", "did you mean first?"),
    ("{mocks: {frist: {output: 1}}, cases: [{name: a}, {name: b}]}", "mocks.frist", "unknown_node", "did you mean first?"),
    ("cases: [{name: a, mocks: {first: {}}}]", "cases[0].mocks.first", "mock", "give `output`"),
    ("cases: [{name: a, mocks: {first: {output: 1, error: x}}}]", "cases[0].mocks.first", "mock", "give one of them"),
    ("cases: [{name: a, mocks: {first: {output: 1, port: x}}}]", "cases[0].mocks.first.port", "bad_port", "leave it out"),
    ("cases: [{name: a, mocks: {first: [{output: 1}, {output: 2}]}}]", "cases[0].mocks.first", "doubled_mock", "the first wins"),
    ("cases: [{name: a, mocks: {first: {output: 1, after: soon}}}]", "cases[0].mocks.first.after", "duration", "write"),
    ("cases: [{name: a, mocks: {first: {output: 1, attempt: 0}}}]", "cases[0].mocks.first.attempt", "out_of_range", "1 or more"),
    ("cases: [{name: a, mocks: {last: {output: 1}}}]", "cases[0].mocks.last", "not_to_pin", "pin what leads to it"),
    ("cases: [{name: a, real: [last]}]", "cases[0].real[0]", "not_an_activity", "take it out"),
    ("cases: [{name: a, real: [first], mocks: {first: {output: 1}}}]", "cases[0].real[0]", "mock", "take it out here"),
    ("cases: [{name: a, signals: [{name: go}]}]", "cases[0].signals[0].name", "unknown_signal", "take it out"),
    ("cases: [{name: a, answers: [{node: first, port: x}]}]", "cases[0].answers[0].node", "no_task", "name a `human_task`"),
    ("cases: [{name: a, at: tomorrow}]", "cases[0].at", "time", "2026-01-31"),
    ("cases: [{name: a, until: 3 days}]", "cases[0].until", "duration", "`3d`"),
    ("cases: [{name: a, commands: [{do: stop}]}]", "cases[0].commands[0].do", "wrong_value", "write `start`"),
    ("cases: [{name: a, commands: [{do: cancel, node: first}]}]", "cases[0].commands[0].node", "unknown_field", "known are"),
    ("cases: [{name: a, commands: [{do: resolve}]}]", "cases[0].commands[0]", "missing_field", "add `action"),
    ("cases: [{name: a, expect: {ran: [frist]}}]", "cases[0].expect.ran[0]", "unknown_node", "did you mean first?"),
    ("cases: [{name: a, expect: {calls: [{}]}}]", "cases[0].expect.calls[0]", "call", "say `node`"),
    ("cases: [{name: a, expect: {called: {nix: 1}}}]", "cases[0].expect.called.nix", "unknown_node", "its nodes are"),
    ("cases: [{name: a, expect: {events: [NodeComplete]}}]", "cases[0].expect.events[0]", "unknown_event", "did you mean `NodeCompleted`?"),
    ("cases: [{name: a, expect: {outcome: don}}]", "cases[0].expect.outcome", "unknown_outcome", "did you mean `done`?"),
    ("cases: [{name: a, expect: {variables: {v: 1}}}]", "cases[0].expect.variables.v", "unknown_variable", "take it out"),
    ("cases: [{name: a, expect: {holds: ['1 +']}}]", "cases[0].expect.holds[0]", "expression", "reference of expressions"),
    ("cases: [{name: a, expect: {holds: ['nodes.first.output == 1']}}]", "cases[0].expect.holds[0]", "unknown_name", "it may name"),
    ("cases: [{name: a, expect: {lasted: 3}}]", "cases[0].expect.lasted", "wrong_type", "write it in quotes"),
    ("cases: [{name: a, expect: {status: done}}]", "cases[0].expect.status", "wrong_value", "write"),
    ("cases: [{name: a}, {name: a}]", "cases[1].name", "doubled_name", "give each its own"),
    ("cases: [{name: a, each: []}]", "cases[0].each", "wrong_type", "write `[{name: value}]`"),
    ("cases: [{name: a, each: [1]}]", "cases[0].each[0]", "wrong_type", "write `{name: value}`"),
    ("cases: [{name: a, each: [{a b: 1}]}]", "cases[0].each[0].a b", "pattern", "beginning with a letter"),
    ("{fixtures: {small: 1}, cases: [{name: a, input: '${smal}'}]}", "cases[0].input", "unknown_name", "did you mean `small`?"),
    ("{fixtures: {small: {x: 1}}, cases: [{name: a, input: '${small.y}'}]}", "cases[0].input", "unknown_name", "an object"),
    ("cases: [{name: a, input: '${}'}]", "cases[0].input", "unknown_name", "`$${…}` is the text itself"),
]


@pytest.mark.parametrize(("text", "path", "rule", "fix"), WRONG, ids=[f"{number} {one[2]}" for number, one in enumerate(WRONG)])
def test_what_is_wrong_is_told_with_its_place_and_a_way_out(text: str, path: str, rule: str, fix: str) -> None:
    (found,) = problems(LINE, text)
    assert (found.path, found.rule) == (path, rule), found
    assert fix in found.fix, found


def test_answers_and_signals_are_held_to_what_the_definition_waits_for() -> None:
    (port,) = problems(TASK, "cases: [{name: a, answers: [{node: ask, port: aproved}]}]")
    assert (port.path, port.fix) == ("cases[0].answers[0].port", "did you mean `approved`?")
    (signal,) = problems(WAITS, "cases: [{name: a, signals: [{name: goo}]}]")
    assert signal.fix == "did you mean `go`?"
    assert problems(WAITS.replace("name: go,", 'name: "{{ input.name }}",'), "cases: [{name: a, signals: [{name: any}]}]") == []


def test_a_result_of_another_shape_than_its_kind_gives_is_told() -> None:
    shape = {"charge": {"type": "object", "required": ["paid"], "properties": {"paid": {"type": "boolean"}}}}
    (found,) = problems(LINE, "cases: [{name: a, mocks: {first: {output: {paid: 5}}}}]", outputs=shape)
    assert (found.path, found.rule) == ("cases[0].mocks.first.output.paid", "shape")
    assert "not of the shape of what `charge` gives" in found.message
    assert problems(LINE, "cases: [{name: a, mocks: {first: {output: {paid: true}}}}]", outputs=shape) == []
    form = TASK.replace("timeout: 1d", "timeout: 1d, form: {type: object, properties: {n: {type: integer}}}")
    (answer,) = problems(form, "cases: [{name: a, mocks: {ask: {port: approved, output: {data: {n: x}}}}}]")
    assert answer.path == "cases[0].mocks.ask.output.data.n"


def test_names_stand_for_values_parts_of_them_and_texts_with_them_in_it() -> None:
    found = suite(
        LINE,
        """
        fixtures: {order: {id: A-1, lines: [{n: 2}, {n: 3}]}, path: first}
        cases:
          - name: "order ${order.id} of ${amount}"
            each: [{amount: 1}, {amount: [2]}]
            input: {whole: "${order}", part: "${order.lines[1].n}", text: "$${x} ${order.id}/${amount}", amount: "${amount}"}
            mocks: {"${path}": {output: "${order.id}"}}
        """,
    )
    assert [planned.name for planned in found.cases] == ["order A-1 of 1", "order A-1 of [2]"]
    case = found.cases[1].case
    assert case.input["whole"] == {"id": "A-1", "lines": [{"n": 2}, {"n": 3}]}
    assert (case.input["part"], case.input["text"], case.input["amount"]) == (3, "${x} A-1/[2]", [2])
    assert list(case.mocks) == ["first"]


def test_a_name_of_each_hides_a_fixture_and_cases_without_names_in_theirs_are_counted() -> None:
    found = suite(LINE, "{fixtures: {n: 1}, cases: [{name: a, each: [{n: 2}, {m: '${n}'}], input: '${n}'}]}")
    assert [(planned.name, planned.case.input) for planned in found.cases] == [("a [1]", 2), ("a [2]", 1)]


def test_what_is_filled_in_and_how_many_cases_there_are_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill, "FILLED_BYTES_MAX", 100)
    assert problems(LINE, f"{{fixtures: {{n: {'x' * 48}}}, cases: [{{name: a, input: ['${{n}}', '${{n}}']}}]}}") == []
    (long,) = problems(LINE, f"{{fixtures: {{n: {'x' * 49}}}, cases: [{{name: a, input: ['${{n}}', '${{n}}']}}]}}")
    assert (long.path, long.rule) == ("cases[0].input[1]", "too_large")
    monkeypatch.setattr(suites, "CASES_MAX", 3)
    assert problems(LINE, "cases: [{name: a, each: [{n: 1}, {n: 2}, {n: 3}]}]") == []
    (many,) = problems(LINE, "cases: [{name: a, each: [{n: 1}, {n: 2}, {n: 3}, {n: 4}]}]")
    assert many.rule == "too_large"
    assert CASES_MAX >= 1_000


def test_mocks_of_the_file_hold_for_all_cases_that_say_nothing_else() -> None:
    found = results(
        LINE,
        """
        mocks: {first: {output: file}}
        at: "2026-02-02T00:00:00Z"
        cases:
          - {name: a, input: {amount: 1}, expect: {output: file}}
          - {name: b, input: {amount: 1}, mocks: {first: {output: own}}, expect: {output: own}}
        """,
    )
    assert [one.verdict for one in found] == ["passed", "passed"]


def test_the_schema_takes_what_can_be_read_and_refuses_what_is_misspelt() -> None:
    validator = Draft202012Validator(schema_of_tests())
    Draft202012Validator.check_schema(schema_of_tests())
    good = {
        "workflow": "w.yaml", "fixtures": {"n": 1}, "mocks": {"first": {"output": 1, "attempt": "${n}"}},
        "cases": [{"name": "a", "each": [{"m": 1}], "input": "${m}", "mocks": "${n}", "expect": {"called": {"first": "${m}"}}}],
    }  # fmt: skip
    assert list(validator.iter_errors(good)) == []
    for wrong in ({"name": "a", "inputs": 1}, {"name": 3}, {"name": "a", "expect": {"outcom": "x"}}, {"name": "a", "signals": [{}]}):
        assert list(validator.iter_errors({"workflow": "w.yaml", "cases": [wrong]})), wrong
