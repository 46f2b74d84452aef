"""Search values as rows: each kind in its own column, so that it is found by what it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from projections.execution_columns import names_of
from projections.executions import ExecutionRecord, record_value
from projections.search import SearchRecord, search_records

BLOB = f"@sha256:{'0' * 64}:70000"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, SearchRecord(3, "a", "null")),
        (True, SearchRecord(3, "a", "true")),
        (False, SearchRecord(3, "a", "false")),
        (7, SearchRecord(3, "a", "int", whole=7)),
        (2**63 - 1, SearchRecord(3, "a", "int", whole=2**63 - 1)),
        (2**63, SearchRecord(3, "a", "above", real=2.0**63)),
        (-(2**63), SearchRecord(3, "a", "int", whole=-(2**63))),
        (-(2**63) - 1, SearchRecord(3, "a", "below", real=-(2.0**64))),
        (10**300, SearchRecord(3, "a", "above", real=2.0**63)),
        (1.0, SearchRecord(3, "a", "double", real=1.0)),
        ("ab", SearchRecord(3, "a", "string", "ab", "ab", size=2)),
        ("x" * 65, SearchRecord(3, "a", "string", "x" * 64, "x" * 65, size=65)),
        ("a\0b", SearchRecord(3, "a", "string", "a\ufffdb", "a\ufffdb", size=3)),
        ([1, 2], SearchRecord(3, "a", "list", size=2)),
        ({"b": {}}, SearchRecord(3, "a", "map", size=1)),
    ],
)
def test_a_value_is_kept_by_its_kind(value: Any, expected: SearchRecord) -> None:
    assert list(search_records(3, json.dumps({"a": value}).encode())) == [expected]


def test_what_lies_in_a_blob_is_neither_found_nor_shown() -> None:
    record = ExecutionRecord(1, "x", "w", 1, "running", None, None, 1, 1, 0, 1, 2, None, None, "[]", BLOB)
    assert list(search_records(1, BLOB.encode())) == []
    assert record_value(record)["search"] is None
    assert names_of(record)["search"] is None
