"""The page on reliability names tests and checks that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.chaos.audit import CHECKS
from tests.chaos_kafka.audit import CHECKS as KAFKA_CHECKS
from tests.chaos_kafka.audit import SHARED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE))))
def test_each_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert f"def {function}" in (ROOT / path).read_text()


def rows_between(begin: str, end: str) -> list[str]:
    """The checks that the tables of a chapter name, in their order."""
    chapter = PAGE.split(begin, 1)[1].split(end, 1)[0]
    return [name for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", chapter, re.MULTILINE) for name in re.findall(r"\w+", row)]


def test_each_check_of_the_audit_has_its_row() -> None:
    assert rows_between("### What is audited", "### A full run") == [check.__name__ for check in CHECKS]


def test_each_check_that_kafka_adds_has_its_row() -> None:
    added = [check.__name__ for check in KAFKA_CHECKS if check not in SHARED]
    assert rows_between("## Real faults on Kafka", "### A full run on Kafka") == added
