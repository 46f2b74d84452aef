"""How columns of each kind are asked: what is exact, what is missing, what an index finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.expressions.values import Moment
from projections.filter import compile_filter
from projections.filter.column import HEAD_CHARS
from tests.projections.filter.rows import COLUMNS, PostgresStore, Row, SqliteStore, Store

T0 = 1_700_000_000_000
PLAIN = Row(0, "order", None, 1, 1, None, 0, T0, 0, 0, None, None)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made: Store = SqliteStore() if request.param == "sqlite" else PostgresStore(request.getfixturevalue("postgres_url"))
    yield made
    made.close()


def taken(store: Store, source: str, *rows: dict[str, Any], **known: Any) -> list[int]:
    store.fill([PLAIN._replace(number=number, **row) for number, row in enumerate(rows)])
    return store.taken(compile_filter(source, COLUMNS, known).where)


def test_whole_numbers_are_compared_exactly_with_doubles(store: Store) -> None:
    rows: tuple[dict[str, Any], ...] = ({"version": 2**53}, {"version": 2**53 + 1}, {"version": 2**53 + 2})
    assert taken(store, "version == 9007199254740992.0", *rows) == [0]
    assert taken(store, "version > 9007199254740992.0", *rows) == [1, 2]
    assert taken(store, "version in [9007199254740993, 9007199254740994.0]", *rows) == [1, 2]
    assert taken(store, "search.a > 9007199254740992.0", *({"search": {"a": row["version"]}} for row in rows)) == [1, 2]
    assert taken(store, "version < 1e30 && version > -18446744073709551616", *rows) == [0, 1, 2]


def test_doubles_are_compared_exactly_with_whole_numbers(store: Store) -> None:
    rows: tuple[dict[str, Any], ...] = ({"amount": 2.0**53}, {"amount": 2.0**53 + 2}, {"amount": None})
    assert taken(store, "amount < 9007199254740993", *rows) == [0]
    assert taken(store, "amount < 9007199254740995 && amount <= 9007199254740995", {"amount": 2.0**53 + 4}, *rows) == [1, 2]
    assert taken(store, "amount > 9007199254740995 && amount >= 9007199254740995", {"amount": 2.0**53 + 4}, *rows) == [0]
    assert taken(store, "amount >= 9007199254740993", *rows) == [1]
    assert taken(store, "amount == 9007199254740993", *rows) == []
    assert taken(store, "amount != 9007199254740993", *rows) == [0, 1, 2]


def test_what_is_null_is_equal_to_nothing_else_and_has_no_order(store: Store) -> None:
    rows: tuple[dict[str, Any], ...] = ({"outcome": None}, {"outcome": "a"})
    assert taken(store, "outcome != 'a'", *rows) == [0]
    assert taken(store, "!(outcome == 'a')", *rows) == [0]
    assert taken(store, "outcome == null", *rows) == [0]
    assert taken(store, "!(outcome < 'b')", *rows) == []
    assert taken(store, "outcome < 'b' || name == 'order'", *rows) == [0, 1]


def test_an_absent_search_value_is_an_error_that_others_absorb(store: Store) -> None:
    rows: tuple[dict[str, Any], ...] = ({"search": None}, {"search": {"b": 1}}, {"search": {"a": "x"}}, {"search": {"a": None}})
    assert taken(store, "search.a == 'x'", *rows) == [2]
    assert taken(store, "search.a != 'x'", *rows) == [3]
    assert taken(store, "!(search.a == 'x')", *rows) == [3]
    assert taken(store, "search.a == 'x' || true", *rows) == [0, 1, 2, 3]
    assert taken(store, "has(search.a)", *rows) == [2, 3]
    assert taken(store, "!has(search.a)", *rows) == [0, 1]
    assert taken(store, "search.?a.orValue('x') == 'x'", *rows) == [0, 1, 2]


def test_search_values_have_the_kind_that_was_recorded(store: Store) -> None:
    values = ["1", 1, 1.0, True, [1], {"1": 1}, None, 2**70, -(2**70), "ab"]
    rows: list[dict[str, Any]] = [{"search": {"a": value}} for value in values]
    assert taken(store, "search.a == 1", *rows) == [1, 2]
    assert taken(store, "search.a == '1'", *rows) == [0]
    assert taken(store, "search.a == true", *rows) == [3]
    assert taken(store, "search.a", *rows) == [3]
    assert taken(store, "search.a > 0", *rows) == [1, 2, 7]
    assert taken(store, "!(search.a > 0)", *rows) == [8]
    assert taken(store, "size(search.a) == 1", *rows) == [0, 4, 5]
    assert taken(store, "search.a == null", *rows) == [6]
    assert taken(store, "!(size(search.a) in [])", *rows) == [0, 4, 5, 9]
    assert taken(store, "search.a in [1, 'ab', null]", *rows) == [1, 2, 6, 9]


def test_long_search_values_are_compared_to_their_end(store: Store) -> None:
    same = "x" * HEAD_CHARS
    rows: list[dict[str, Any]] = [{"search": {"a": text}} for text in (same, f"{same}a", f"{same}b")]
    assert taken(store, f"search.a == '{same}'", *rows) == [0]
    assert taken(store, f"search.a == '{same}a'", *rows) == [1]
    assert taken(store, f"search.a in ['{same}a', '{same}']", *rows) == [0, 1]
    assert taken(store, f"search.a > '{same}a'", *rows) == [2]


def test_texts_are_looked_through_character_by_character(store: Store) -> None:
    rows = [{"name": name} for name in ("Order", "order", "or%der", "or_der", "ordér", "ORDER", "a\\b", "or\U0010ffff")]
    assert taken(store, "name.startsWith('or')", *rows) == [1, 2, 3, 4, 7]
    assert taken(store, "name.contains('%')", *rows) == [2]
    assert taken(store, "name.contains('_')", *rows) == [3]
    assert taken(store, "name.contains('\\\\')", *rows) == [6]
    assert taken(store, "name.endsWith('der')", *rows) == [0, 1, 2, 3]
    assert taken(store, "name.endsWith('')", *rows) == list(range(8))
    assert taken(store, "name.lowerAscii() == 'order'", *rows) == [0, 1, 5]
    assert taken(store, "name.matches('^or')", *rows) == [1, 2, 3, 4, 7]
    assert taken(store, "name < 'a'", *rows) == [0, 5]
    assert taken(store, "size(name) == 3", *rows) == [6, 7]


def test_a_text_begins_with_the_last_characters_there_are(store: Store) -> None:
    rows = [{"name": name} for name in ("a\ud7ff", "a\ud7ffb", "a\ue000", "\U0010ffff", "\U0010ffffb", "b")]
    assert taken(store, "name.startsWith('a\\ud7ff')", *rows) == [0, 1]
    assert taken(store, "name.startsWith('\\U0010ffff')", *rows) == [3, 4]
    assert taken(store, "!name.startsWith('a\\ud7ff')", *rows) == [2, 3, 4, 5]
    assert taken(store, "name.startsWith('')", *rows) == [0, 1, 2, 3, 4, 5]


def test_a_nul_is_in_no_text_that_is_stored(store: Store) -> None:
    rows: list[dict[str, Any]] = [{"name": "a"}, {"name": "b", "search": {"a": "x\0"}}]
    assert taken(store, "name == 'a\\x00'", *rows) == []
    assert taken(store, "name != 'a\\x00'", *rows) == [0, 1]
    assert taken(store, "name < 'a\\x00'", *rows) == [0]
    assert taken(store, "name.contains('\\x00') || name.startsWith('\\x00')", *rows) == []
    assert taken(store, "search.a == 'x\\x00' || search.a in ['x\\x00']", *rows) == []


def test_a_nul_is_in_no_name_of_a_search_value(store: Store) -> None:
    rows: list[dict[str, Any]] = [{}, {"search": {"a": 1}}]
    assert taken(store, "search['a\\x00'] == 1 || !(search['a\\x00'] == 1) || size(search['\\x00']) < 9", *rows) == []
    assert taken(store, "search[?'a\\x00'].hasValue()", *rows) == []
    assert taken(store, "!search[?'a\\x00'].hasValue() && search[?'a\\x00'].orValue(2) == 2", *rows) == [0, 1]


def test_times_are_compared_to_the_nanosecond(store: Store) -> None:
    rows: tuple[dict[str, Any], ...] = (
        {"created_at": T0, "ended_at": T0 + 300_000},
        {"created_at": T0, "ended_at": T0 + 300_001},
        {"created_at": T0},
    )
    assert taken(store, "duration > duration('5m')", *rows) == [1]
    assert taken(store, "duration >= duration('300000000001ns')", *rows) == [1]
    assert taken(store, "!(duration > duration('5m'))", *rows) == [0]
    assert taken(store, "duration == null", *rows) == [2]
    assert taken(store, "ended_at - created_at > duration('5m')", *rows) == [1]
    assert taken(store, "created_at + duration('5m') == ended_at", *rows) == [0]
    assert taken(store, "created_at == timestamp('2023-11-14T22:13:20Z')", *rows) == [0, 1, 2]
    assert taken(store, "created_at < timestamp('2023-11-14T22:13:20.000000001Z')", *rows) == [0, 1, 2]


def test_a_time_beyond_all_years_is_no_value(store: Store) -> None:
    years = " + duration('2562047h')"
    assert taken(store, f"created_at{years * 27} > created_at", {}) == [0]
    assert taken(store, f"created_at{years * 28} > created_at", {}) == []
    assert taken(store, f"!(created_at{years * 28} > created_at)", {}) == []


def test_a_name_that_is_known_has_its_value(store: Store) -> None:
    rows: tuple[dict[str, Any], ...] = ({"created_at": T0}, {"created_at": T0 - 3_600_000})
    assert taken(store, "created_at > now - duration('1h')", *rows, now=Moment(T0 * 1_000_000)) == [0]


def test_a_variable_hides_a_column_but_not_the_one_with_a_dot_before_it(store: Store) -> None:
    rows: list[dict[str, Any]] = [{"name": "a"}, {"name": "b", "search": {"a": 1}}]
    assert taken(store, "['b'].exists(name, .name == name)", *rows) == [1]
    assert taken(store, "['b'].exists(name, ['a'].exists(name, .name == name) || name == 'a')", *rows) == [0]
    assert taken(store, "cel.bind(name, 'b', .name == name && name == 'b')", *rows) == [1]
    assert taken(store, "[{'b': 1}].exists(search, search.?b.hasValue() && !search.?a.hasValue())", *rows) == [0, 1]
    assert taken(store, "[1].exists(now, .now == 2 && version == now)", {}, now=2) == [0]


INDEXED = [
    ("name == 'a'", "things_by_name (name=?)"),
    ("name in ['a', 'b']", "things_by_name (name=?)"),
    ("name.startsWith('a')", "things_by_name (name>? AND name<?)"),
    ("name > 'a'", "things_by_name (name>?)"),
    ("version == 3", "things_by_version (version=?)"),
    ("version >= 2.5", "things_by_version (version>?)"),
    ("version + 1 > 3 && version < 9", "things_by_version (version>? AND version<?)"),
    ("3 < version", "things_by_version (version>?)"),
    ("!(version <= 3)", "things_by_version (version>?)"),
    ("created_at > timestamp('2026-01-01T00:00:00Z')", "things_by_time (created_at>?)"),
    ("created_at + duration('1h') > timestamp('2026-01-01T00:00:00Z')", "things_by_time (created_at>? AND created_at<?)"),
    ("name == 'a' && duration > duration('5m')", "things_by_name (name=?)"),
]


@pytest.mark.parametrize(("source", "index"), INDEXED, ids=[one[0] for one in INDEXED])
def test_an_index_finds_what_a_filter_asks_of_one_column(source: str, index: str) -> None:
    store = SqliteStore()
    plan = store.plan(compile_filter(source, COLUMNS).where)
    store.close()
    assert any(index in step for step in plan), plan
    assert not any(step.startswith("SCAN things") for step in plan), plan
