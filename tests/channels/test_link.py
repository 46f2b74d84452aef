"""Links: what is not signed, or is too late, is none; and each says one task to one person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels.link import BadLink, Expired, Link, WeakSecret, id_of, read, sign

KEY, OTHER = "k" * 32, "o" * 32
LINK = Link("pay-1~approve@1", "ada@example.com", "email", 2_000)


def test_a_link_says_what_was_signed_and_is_the_same_each_time() -> None:
    token = sign(LINK, KEY)
    assert read(token, [KEY], 1_999) == LINK
    assert token == sign(LINK, KEY)
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()
    assert id_of(token) != id_of(sign(LINK._replace(person="bob"), KEY))


def test_a_secret_that_is_being_rotated_counts_still() -> None:
    assert read(sign(LINK, OTHER), [KEY, OTHER], 0) == LINK
    with pytest.raises(BadLink):
        read(sign(LINK, OTHER), [KEY], 0)


def test_at_its_end_it_is_over() -> None:
    with pytest.raises(Expired):
        read(sign(LINK, KEY), [KEY], 2_000)


def test_a_secret_that_can_be_tried_out_signs_nothing_and_proves_nothing() -> None:
    with pytest.raises(WeakSecret, match="31"):
        sign(LINK, "k" * 31)
    with pytest.raises(BadLink):
        read(sign(LINK, KEY), [""], 0)


@pytest.mark.parametrize("token", ["", ".", "a.b", sign(LINK, KEY) + "x", sign(LINK, KEY)[1:], "é.ü", "\0", "\ud800.x", "x" * 10_000])
def test_what_was_never_signed_is_no_link(token: str) -> None:
    with pytest.raises(BadLink):
        read(token, [KEY], 0)


@given(st.integers(0, 150), st.characters())
def test_no_letter_can_be_changed(place: int, letter: str) -> None:
    token = sign(LINK, KEY)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            read(changed, [KEY], 0)
