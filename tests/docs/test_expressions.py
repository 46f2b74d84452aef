"""The reference of expressions says what the code says: its functions, its macros, its bounds."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from domain.expressions import RESULT_BYTES_MAX, SOURCE_CHARS_MAX, UNITS_MAX, program
from domain.expressions.faults import RESULT_DEPTH_MAX
from domain.expressions.numbers import INT_BITS_MAX
from domain.expressions.parser import LEVELS_MAX, MACROS
from domain.expressions.signatures import signatures
from tests.cel.cases import cases
from tests.cel.deviations import DEVIATIONS
from tests.docs.functions import PAGE, table, written

TEXT = PAGE.read_text()


def test_the_table_of_functions_is_that_of_the_signatures() -> None:
    assert written() == table().strip("\n"), "write it anew: python -m tests.docs.functions"


def test_every_function_says_what_it_does() -> None:
    assert [signature.written for signature in signatures() if not signature.says] == []


@pytest.mark.parametrize("macro", [name for name in MACROS if name != "existsOne"])
def test_every_macro_is_described(macro: str) -> None:
    assert f".{macro}(" in TEXT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UNITS_MAX", f"{UNITS_MAX:,}"),
        ("RESULT_BYTES_MAX", f"{RESULT_BYTES_MAX // 2**20} MiB"),
        ("RESULT_DEPTH_MAX", f"{RESULT_DEPTH_MAX}"),
        ("SOURCE_CHARS_MAX", f"{SOURCE_CHARS_MAX:,} characters"),
        ("LEVELS_MAX", f"{LEVELS_MAX}"),
        ("INT_BITS_MAX", f"{INT_BITS_MAX:,} bits"),
    ],
)
def test_every_bound_stands_in_the_table(name: str, value: str) -> None:
    assert re.search(rf"^\| [^|]+ \| [^|]*{re.escape(value)}[^|]* \| `{name}` \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("row", re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", TEXT, re.MULTILINE), ids=lambda row: row[0])
def test_every_example_gives_what_the_page_says(row: tuple[str, str]) -> None:
    source, expected = row
    names = {"input": {"amount": 10, "none": None, "list": [3, 1, 2], "map": {"b": 1, "a": 2}}}
    assert program(source.replace("\\|", "|")).evaluate(names) == program(expected).evaluate({})


def test_the_page_counts_the_cases_that_deviate() -> None:
    deviating = TEXT.split("## Where it differs from CEL", 1)[1].split("\n## ", 1)[0]
    counts = [int(count) for count in re.findall(r"\| (\d+) \|$", deviating, re.MULTILINE)]
    assert sorted(counts) == sorted(Counter(DEVIATIONS.values()).values())
    assert f"{sum(1 for _ in cases()) - len(DEVIATIONS):,} pass" in TEXT
