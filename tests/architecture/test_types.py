"""Tests, benchmarks and brokers are type-checked like the code, and what is not checked says why."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
IGNORE = "# type: " + "ignore"
WITH_REASON = re.compile(IGNORE + r"\[[a-z, -]+\]  # \S")


def files() -> Iterator[Path]:
    """All that is type-checked, without the environments of what we are measured beside."""
    for package in MYPY["packages"]:
        for file in sorted((ROOT / package).rglob("*.py")):
            if not any(part.startswith(".") or part == "node_modules" for part in file.relative_to(ROOT).parts):
                yield file


def test_tests_benchmarks_and_brokers_are_type_checked_like_the_code() -> None:
    assert {"tests", "benchmarks", "brokers"} <= set(MYPY["packages"])
    assert MYPY["strict"]
    assert not [override["module"] for override in MYPY["overrides"] if override.get("ignore_errors")]


def test_what_is_not_checked_says_by_which_rule_and_why() -> None:
    bare = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files()
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if IGNORE in line and not WITH_REASON.search(line)
    ]
    assert not bare, "expected: the rule in brackets, two spaces, and the reason as a comment"
