"""Laws of evaluating: total, bounded, deterministic, without effect; what the checker refuses, nothing evaluates."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts import values as json_values
from contracts.errors import ExpressionError
from domain.expressions import UNITS_MAX, Meter, Program, access, program, results
from domain.expressions.faults import Fault, Limit
from domain.expressions.numbers import ARITHMETIC, negate
from domain.expressions.signatures import Signature, signatures
from domain.expressions.values import COMPARISONS, NONE, NS, Moment, Optional, Span, Type, UInt, compare, contains, equal, key_of
from tests.cel.digest import EXPECTED, digest_of
from tests.cel.random_source import Dice, Source

ROOT = Path(__file__).parents[2]
SEEDS = 1_500

# Random expressions.


def outcome(one: Program, names: dict[str, Any], meter: Meter | None = None) -> str:
    """The value as JSON, or the message."""
    try:
        return json.dumps(one.evaluate(names, meter))
    except ExpressionError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("first", range(0, SEEDS, 250))
def test_any_expression_gives_a_value_or_an_error_within_its_bounds_and_changes_nothing(first: int) -> None:
    for seed in range(first, first + 250):
        source = Source(seed)
        before, meter = json.dumps(source.names), Meter()
        said = outcome(program(source.text_of), source.names, meter)
        assert json.dumps(source.names) == before, source.text_of
        assert UNITS_MAX - meter.left >= 0
        assert outcome(Program(source.text_of), source.names) == said
        if not said.startswith("Expression"):
            assert json.loads(json_values.encode(json.loads(said))) == json.loads(said)


def test_the_checker_refuses_nothing_that_evaluates() -> None:
    refused = 0
    for seed in range(SEEDS * 2):
        source = Source(seed)
        one = Program(source.text_of)
        try:
            one.check()
        except ExpressionError:
            refused += 1
            with pytest.raises(ExpressionError):
                one.evaluate(source.names)
    assert refused > SEEDS / 20


def test_the_traced_form_gives_what_the_fast_form_gives() -> None:
    for seed in range(SEEDS):
        source = Source(seed)
        one = program(source.text_of)
        with suppress(ExpressionError):
            value = one.evaluate(source.names)
            assert json.dumps(one.explain(source.names)[-1].values[-1]) == json.dumps(value)


def pythons() -> Iterator[str]:
    """This Python, and those beside it that have what expressions need."""
    yield sys.executable
    for version in ("3.11", "3.12", "3.13", "3.14"):
        found = shutil.which(f"python{version}")
        if found and subprocess.run([found, "-c", "import msgspec, re2"], capture_output=True, check=False).returncode == 0:
            yield found


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_every_process_and_every_python_says_the_same(hash_seed: str) -> None:
    for python in pythons():
        found = subprocess.run(
            [python, "-m", "tests.cel.digest"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == EXPECTED, python


def test_the_same_process_says_the_same_again() -> None:
    assert digest_of(200) == digest_of(200)


# Odd values.

DEEP_TEXT = "9" * 5_000
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 5, 2**63, -(2**70), 10**1000, 10**5000, 0.0, -0.0, 1.5, 1e308, -1e308, 5e-324,
    "", "a", "\0", "\ud800", "a\0b", "😀", "12", "%s%d", "%.5f", "%", "%.99999999999999999999f", DEEP_TEXT, "(", "[", "\\",
    "2026-01-31T12:00:00Z", "9999-12-31T23:59:59Z", "-1s", "1h" * 60, "٣", "１２",
    [], [1, "a"], [[1]], ["\ud800"], [None], [10**5000], [True, 1], {}, {"a": 1}, {"\ud800": {}}, b"", b"\xff",
    UInt(0), UInt(3), UInt(2**64 - 1), Moment(0), Moment(253_402_300_799 * NS), Moment(-62_135_596_800 * NS),
    Span(1), Span(-(2**63)), Span(2**63 - 1), Optional(None), NONE, Optional([1]), Type("int"),
    {key_of(True): 1, 2: 3}, {1: 1, UInt(2): Optional(1)},
]  # fmt: skip
TRIPLES = 3_000


@cache
def odd_json() -> list[Any]:
    """Those that may come in as JSON."""
    return [value for value in ODD if _is_json(value)]


def _is_json(value: Any) -> bool:
    return type(value) in (type(None), bool, int, float, str) or (type(value) in (list, dict) and value not in ([], {}))


def must_be_a_fault(work: Callable[..., Any], *arguments: Any) -> None:
    """Whatever happens, nothing but a fault or a limit leaves; and a value that leaves is measured or refused."""
    try:
        value = work(*arguments)
        results.as_json(Meter(), value)
    except (Fault, Limit):
        pass


def taken(signature: Signature, arguments: tuple[Any, ...]) -> bool:
    """Whether a call with these would reach the function."""
    kinds = signature.kinds_of(len(arguments))
    return all(allowed is None or type(value) in allowed for value, allowed in zip(arguments, kinds, strict=True))


@pytest.mark.parametrize("signature", signatures(), ids=lambda signature: signature.written)
def test_no_value_makes_a_function_raise_anything_but_a_fault(signature: Signature) -> None:
    dice = Dice(1)
    for count in range(signature.least, min(signature.most, 4) + 1):
        space = itertools.product(ODD, repeat=count) if count < 3 else (tuple(dice.pick(ODD) for _ in range(count)) for _ in range(TRIPLES))
        for arguments in space:
            if taken(signature, arguments):
                must_be_a_fault(signature.do, Meter(), *arguments)


@pytest.mark.parametrize("operator", [*ARITHMETIC, *COMPARISONS])
def test_no_values_make_an_operator_raise_anything_but_a_fault(operator: str) -> None:
    for one, other in itertools.product(ODD, repeat=2):
        if operator in ARITHMETIC:
            must_be_a_fault(ARITHMETIC[operator], Meter(), one, other)
        else:
            must_be_a_fault(compare, Meter(), operator, one, other)


def test_no_values_make_reading_and_comparing_raise_anything_but_a_fault() -> None:
    for one, other in itertools.product(ODD, repeat=2):
        for work in (equal, contains, access.index, access.index_optional):
            must_be_a_fault(work, Meter(), one, other)
    for one in ODD:
        must_be_a_fault(negate, Meter(), one)
        must_be_a_fault(lambda value: [value, {"a": value}], one)
        for look in (access.select, access.select_optional, access.has):
            must_be_a_fault(look, one, "a")
        for walk in (access.items_of, access.rows_of):
            with suppress(Fault):
                walk(one, "map")


ODD_SOURCES = [
    "input.a + input.b", "input.a == input.b", "input.a < input.b", "input.a in input.b", "input.a[input.b]", "input.a.b", "-input.a",
    "input.a ? input.b : 1", "input.a && input.b", "!input.a", "[input.a, {'x': input.b}]", "{input.a: input.b}", "input.a",
    "input.a.map(x, x + input.b)", "input.a.exists(k, v, k == input.b)", "string(input.a) + string(input.b)", "size(input.a)",
    "'%s %d'.format([input.a, input.b])", "[input.a, input.b].sort()", "[input.a, input.b].distinct()", "has(input.a.b)",
    "input.a.?b.orValue(input.b)", "input.a.matches(input.b)", "int(input.a) * int(input.b)", "input.a.split(input.b).join(input.b)",
    "timestamp(input.a) - duration(input.b)", "{'a': input.a} + {'b': input.b}",
]  # fmt: skip


@pytest.mark.parametrize("source", ODD_SOURCES)
def test_no_data_makes_an_expression_raise_anything_but_an_error_with_words(source: str) -> None:
    one = program(source)
    for left, right in itertools.product(odd_json(), repeat=2):
        with suppress(ExpressionError):
            one.evaluate({"input": {"a": left, "b": right}})
