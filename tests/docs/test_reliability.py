"""The page on reliability names tests and checks that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.chaos.audit import CHECKS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE))))
def test_each_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert f"def {function}" in (ROOT / path).read_text()


def test_each_check_of_the_audit_has_its_row() -> None:
    kills = PAGE.split("### What is audited", 1)[1]
    assert re.findall(r"^\| `(\w+)` \|", kills, re.MULTILINE) == [check.__name__ for check in CHECKS]
