"""What happens again and again is no wall of text."""

from __future__ import annotations

import logging

import pytest

from workers.tasks.notices import TELL_EVERY_S, Notices


def test_what_is_about_the_same_is_said_at_once_and_then_once_in_a_while_with_how_often(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    notices = Notices(logging.getLogger("refold.test"), lambda: now[0])
    for number in range(100):
        notices.say(logging.WARNING, "the broker", f"try {number}")
    notices.say(logging.WARNING, "another thing", "said too")
    now[0] = TELL_EVERY_S
    notices.say(logging.WARNING, "the broker", "try 100")
    assert [record.getMessage() for record in caplog.records] == ["try 0", "said too", "try 100 (and 99 more of the kind since)"]
