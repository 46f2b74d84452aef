"""The reference of filters says what the code says: its columns, its bounds, what is asked and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from contracts.errors import InvalidInput
from contracts.ports.where import CONDITIONS_MAX, PARAMETERS_MAX
from domain.expressions import SOURCE_CHARS_MAX
from domain.expressions.parser import LEVELS_MAX
from domain.expressions.values import Moment
from projections import incidents, node_runs, tasks, waits
from projections.execution_columns import COLUMNS
from projections.filter import compile_filter
from projections.filter.column import Column, Columns, Fields, Texts
from projections.filter.compiler import STEPS_MAX

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs/reference/filters.md").read_text()
NOW: Final = {"now": Moment(0)}


def _row(name: str, column: Column, fails: str = "") -> str:
    null = "; ".join(part for part in ("where there is none" if column.is_nullable else "", fails) if part)
    return f"| `{name}` | {column.kind} | {null + ' ' if null else ''}| {column.says} |"


LISTS: Final = {
    "executions": COLUMNS,
    "node runs": node_runs.COLUMNS,
    "waits": waits.COLUMNS,
    "incidents": incidents.COLUMNS,
    "tasks": tasks.COLUMNS,
}


def _table(columns: Columns) -> list[str]:
    rows = []
    for name, column in columns.items():
        if isinstance(column, Column):
            rows.append(_row(name, column))
        elif isinstance(column, Fields):
            rows += [_row(f"{name}.{field}", one, f"fails where there is no {name}") for field, one in column.fields.items()]
        elif isinstance(column, Texts):
            rows.append(f"| `{name}` | list of strings | | {column.says} |")
    return rows


@pytest.mark.parametrize("name", LISTS)
def test_the_table_of_columns_is_that_of_the_code(name: str) -> None:
    between = TEXT.split(f"<!-- columns of {name} -->", 1)[1].split("<!-- end of columns", 1)[0]
    written = [line for line in between.splitlines() if line.startswith("| `") and "search.NAME" not in line]
    assert written == _table(LISTS[name])


KINDS: Final = {"string": "text", "int": "whole", "timestamp": "time", "duration": "duration", "bool": "flag"}
"""What the web UI calls the kinds of columns."""


def test_the_web_ui_offers_the_columns_of_the_code() -> None:
    expected: list[tuple[str, str, str]] = []
    for name, column in COLUMNS.items():
        if isinstance(column, Column):
            expected.append((name, KINDS[column.kind], column.says))
        elif isinstance(column, Fields):
            expected += [(f"{name}.{field}", KINDS[one.kind], one.says) for field, one in column.fields.items()]
        elif isinstance(column, Texts):
            expected.append((name, "texts", column.says))
    offered = json.loads((ROOT / "ui" / "src" / "filter" / "columns.json").read_text())
    assert [(one["name"], one["kind"], one["says"]) for one in offered] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SOURCE_CHARS_MAX", f"{SOURCE_CHARS_MAX:,} characters"),
        ("LEVELS_MAX", f"{LEVELS_MAX} levels"),
        ("STEPS_MAX", f"{STEPS_MAX:,} steps"),
        ("CONDITIONS_MAX", f"{CONDITIONS_MAX:,}"),
        ("PARAMETERS_MAX", f"{PARAMETERS_MAX:,}"),
    ],
)
def test_every_bound_stands_in_the_table(name: str, value: str) -> None:
    assert re.search(rf"^\| [^|]+ \| {re.escape(value)} \| `{name}` \|$", TEXT, re.MULTILINE)


def _part(title: str) -> str:
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def _whole(part: str) -> list[str]:
    """The conditions on a part of the page: what names a column and an operator."""
    found = re.findall(r"`([^`\n]+)`", part)
    return [
        one
        for one in found
        if re.match(r"(ended_at|created_at|outcome|search|status|error|version|duration)\b", one)
        and re.search(r"[<>=]|\bin\b|contains", one)
    ]


@pytest.mark.parametrize("source", [*_whole(_part("What can be asked")), re.findall(r"```text\n(.*)\n```", TEXT)[0]])
def test_what_the_page_asks_can_be_asked(source: str) -> None:
    compile_filter(source, COLUMNS, NOW)


def _columns_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


REFUSED: Final = [
    source for line in _part("What is refused").splitlines() if line.startswith("| ") for source in _whole(_columns_of(line)[0])
]
INSTEAD: Final = [
    source for line in _part("What is refused").splitlines() if line.startswith("| ") for source in _whole(_columns_of(line)[-1])
]


@pytest.mark.parametrize("source", REFUSED)
def test_what_the_page_refuses_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput):
        compile_filter(source, COLUMNS, NOW)


@pytest.mark.parametrize("source", INSTEAD)
def test_what_the_page_offers_instead_can_be_asked(source: str) -> None:
    compile_filter(source, COLUMNS, NOW)
