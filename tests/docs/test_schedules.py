"""The table of the reference about daylight saving says what the library does."""

from __future__ import annotations

from pathlib import Path

from tests.domain.transitions import rows

PAGE = Path(__file__).parents[2] / "docs/reference/triggers.md"


def test_the_table_of_transitions_is_made_by_running_the_library() -> None:
    assert "\n".join(rows()) in PAGE.read_text(), "write it: python -m tests.domain.transitions"
