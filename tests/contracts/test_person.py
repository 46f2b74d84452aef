"""By what people are compared, and what cannot be the name of one."""

from __future__ import annotations

import pytest

from contracts.person import Person, name_problem, person_problem


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (" Ada@Example.com ", "ada@example.com"),
        ("Ren\u00e9", "rene\u0301"),
        ("Stra\u00dfe", "STRASSE"),
        ("\uff21da", "ada"),
        ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"),
        ("\ufb01nn", "FINN"),
    ],
)
def test_a_name_is_the_same_however_it_is_typed(asked: str, said: str) -> None:
    assert Person(said).is_among([asked])
    assert Person("x", (said,)).is_among([f"group:{asked}"])


def test_a_name_that_only_looks_like_two_or_like_a_group_is_none() -> None:
    assert name_problem("ada\uff0cbob") is not None, "a wide comma is one"
    assert person_problem("group\uff1afinance") is not None
    assert not Person("ada").is_among(["\u0430da"]), "another letter is another name"
