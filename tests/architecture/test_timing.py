"""No test asserts how long something took: a loaded machine is no fault of ours."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLOCKS = {"monotonic", "perf_counter", "process_time"}


def times_in_asserts(text: str) -> list[int]:
    """The lines of the asserts that compare a difference of times. A deadline, after which a test that hangs gives up, is none."""
    asserts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]
    return [one.lineno for one in asserts if any(_is_span(node) for node in ast.walk(one))]


def _is_span(node: ast.AST) -> bool:
    is_difference = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
    called = (one.func for one in ast.walk(node) if isinstance(one, ast.Call)) if is_difference else ()
    return any((func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) in CLOCKS for func in called)


def test_no_test_asserts_how_long_something_took() -> None:
    assert times_in_asserts("assert time.monotonic() - began < 2") == [1]
    assert times_in_asserts("assert time.monotonic() < deadline") == []
    files = {path.relative_to(TESTS).as_posix(): path for path in TESTS.rglob("*.py")}
    found = {name: lines for name, path in files.items() if (lines := times_in_asserts(path.read_text()))}
    assert found == {}
