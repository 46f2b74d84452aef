"""Against the library that evaluated expressions before: no difference is without its line in the reference."""

from __future__ import annotations

import pytest

from tests.cel.differential import CLASSES, counted
from tests.docs.functions import PAGE

COUNT = 1_500
"""In the suite; `python -m tests.cel.differential --count 200000` takes as many as asked."""


def test_every_difference_is_of_a_class_that_is_known() -> None:
    found, unknown = counted(0, COUNT)
    assert unknown == []
    assert found["the same"] > COUNT * 0.9


@pytest.mark.parametrize("line", list(CLASSES.values()), ids=list(CLASSES))
def test_every_class_has_its_line_in_the_reference(line: str) -> None:
    assert f"| {line}" in PAGE.read_text().split("## What changed with language 2", 1)[1]
