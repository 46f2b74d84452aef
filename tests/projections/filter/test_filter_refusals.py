"""What a database cannot be asked is refused: the part, where it stands, and what to write instead."""

from __future__ import annotations

import pytest

from contracts.errors import InvalidInput, Problem
from contracts.ports.where import CONDITIONS_MAX, PARAMETERS_MAX
from domain.expressions import SOURCE_CHARS_MAX
from projections.filter import compile_filter
from projections.filter.column import text
from projections.filter.compiler import STEPS_MAX
from tests.projections.filter.rows import COLUMNS

REFUSED = [
    ("nam == 'a'", "unknown_name", "unknown name `nam`", "write `name`"),
    ("error.typ == 'a'", "unknown_field", "`error.typ`: there is no `typ`; known are type, message", "write `type`"),
    ("name.foo()", "unreadable", "unknown function `foo`", ""),
    ("name ==", "unreadable", "ends too early", ""),
    ("name", "condition", "`name`: is a string, no condition", "compare it"),
    ("version == '3'", "kinds", "`version == '3'`: an int and a string are never equal", "compare with an int"),
    ("created_at > '2026-01-01T00:00:00Z'", "kinds", "a timestamp and a string have no order", "write `timestamp('2026-01-01T00:00:00Z')`"),
    ("duration > 5", "kinds", "a duration and an int have no order", "write `duration('5s')` if you mean seconds"),
    ("stage == 'opend'", "choices", "`stage == 'opend'`: there is no `opend`; known are open, closed", "write `'open'`"),
    ("'opend' != stage", "choices", "there is no `opend`; known are open, closed", "write `'open'`"),
    ("stage in ['open', 'z']", "choices", "there is no `z`", ""),
    ("stage == (flag ? 'open' : 'shut')", "choices", "there is no `shut`", ""),
    ("name in ['a', 1]", "kinds", "never equal", "compare with a string"),
    ("version == amount", "kinds", "not compared with each other", "compare each of the two with a constant"),
    ("version + events > 3", "sums", "not added up", "compare each of the two with a constant"),
    ("version * 2 > 3", "operator", "`version * 2`: cannot be asked of a database", "only `+` and `-`"),
    ("name + 'a' == 'ba'", "operator", "an operand is a string", "only `+` and `-`"),
    ("1 / 0 > 0 || flag", "fault", "`1 / 0 > 0`: division by zero", "leave it out"),
    ("name.matches('a.*b')", "pattern", "read patterns otherwise", "use `startsWith`, `endsWith` or `contains`"),
    ("name.matches('(')", "unreadable", "invalid regular expression", ""),
    ("name.startsWith(outcome)", "texts", "has to be a constant", ""),
    ("'abc'.contains(name)", "texts", "has to be a constant", ""),
    ("created_at.getHours() == 3", "function", "`created_at.getHours()`", "compare the time with `timestamp('…')`"),
    ("string(version) == '3'", "function", "`string(version)`", "compare the column itself"),
    ("search == null", "search_value", "all search values together", "ask for one: `search.customer`"),
    ("search.a == search.b", "search_value", "with constants only", "compare each of the two with a constant"),
    ("search.a.b == 1", "path", "inside of a value", "record it in `settings.search`"),
    ("search.a == [1]", "kinds", "never equal to a list", "compare with a text"),
    ("search.a > timestamp('2026-01-01T00:00:00Z')", "kinds", "not ordered beside a timestamp", "compare with that"),
    ("search.a > 9223372036854775808", "large_number", "beyond 64 bits", "record it as a text"),
    ("'x' in search.a", "lists", "only its size", "recorded under its own name"),
    ("name in outcome", "lists", "`in` looks into a list", "write one"),
    ("'x' in [search.a]", "lists", "has to be of constants", ""),
    ("has(name.x)", "has", "only search values", "compare with null"),
    ("[name].exists(v, v == 'a')", "macro", "over a list of constants", ""),
    ("['a'].map(v, name) == ['a']", "macro", "`map` cannot be asked", ""),
    ("error == {'a': 1}", "kinds", "compared with null only", "compare one of them"),
]  # fmt: skip


def problem_of(source: str) -> Problem:
    with pytest.raises(InvalidInput) as raised:
        compile_filter(source, {**COLUMNS, "stage": text("stage", choices=("open", "closed"))})
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize(("source", "rule", "said", "fix"), REFUSED, ids=[one[0] for one in REFUSED])
def test_what_is_refused_names_the_part_and_the_way_out(source: str, rule: str, said: str, fix: str) -> None:
    problem = problem_of(source)
    assert (problem.path, problem.rule) == ("/filter", rule)
    assert said in problem.message
    assert problem.fix.startswith(fix) or fix in problem.fix


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("flag && name == 3", 1, 9),
        ("flag &&\n  (name ==\n    3)", 2, 4),
        ("flag && nam == 'a'", 1, 9),
        ("flag && && flag", 1, 9),
        ("flag ===", 1, 6),
        ("flag && name.foo()", 1, 9),
        ("", 1, 1),
    ],
)
def test_a_refusal_says_where_the_part_stands(source: str, line: int, column: int) -> None:
    problem = problem_of(source)
    assert (problem.line, problem.column) == (line, column)


def test_a_part_that_is_never_asked_is_refused_all_the_same() -> None:
    assert problem_of("true || name == 3").rule == "kinds"


# Bounds.


def test_a_filter_is_as_long_as_an_expression_may_be() -> None:
    longest = "flag" + " " * (SOURCE_CHARS_MAX - 4)
    compile_filter(longest, COLUMNS)
    assert problem_of(longest + " ").rule == "limit"


def test_a_filter_is_nested_as_deep_as_an_expression_may_be() -> None:
    compile_filter("(" * 63 + "flag" + ")" * 63, COLUMNS)
    assert "nested deeper than 64 levels" in problem_of("(" * 64 + "flag" + ")" * 64).message


def test_choices_within_each_other_are_bounded_in_what_they_become() -> None:
    chosen = "flag"
    for _ in range(60):
        chosen = f"({chosen} ? flag : version > 1)"
    problem = problem_of(chosen)
    assert problem.rule == "limit"
    assert f"the most are {CONDITIONS_MAX:,}" in problem.message


def test_choices_beside_each_other_are_bounded_in_what_they_cost() -> None:
    terms = " + ".join("(flag ? 1 : version)" for _ in range(30))
    assert f"more than {STEPS_MAX:,} steps" in problem_of(f"{terms} > 3").message


def test_what_reads_no_row_costs_all_together_what_an_expression_may() -> None:
    once = "size(lists.range(20000).map(n, n)) == version"
    compile_filter(once, COLUMNS)
    problem = problem_of(f"[1, 2].exists(i, {once})")
    assert problem.rule == "limit"
    assert "`size(lists.range(20000).map(n, n))`: costs more than an expression may" in problem.message


def test_the_values_of_all_lists_are_counted_before_they_become_conditions() -> None:
    values = str([0] * 1000)
    problem = problem_of(f"lists.range(31).exists(i, version in {values})")
    assert problem.rule == "limit"
    assert f"the lists of the filter have more than {PARAMETERS_MAX:,} values" in problem.message


def test_as_many_values_as_a_filter_has_room_for_are_asked_in_one_condition() -> None:
    names = ", ".join(f"'{number}'" for number in range(500))
    compile_filter(f"name in [{names}]", COLUMNS)
