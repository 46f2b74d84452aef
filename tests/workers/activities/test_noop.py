"""`noop`."""

import pytest

from workers.running.activities.noop import Noop
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt


def test_a_noop_gives_its_data(attempt: Attempt) -> None:
    assert Noop(ActivitySettings()).run(attempt, {}, {"a": [1]}) == {"a": [1]}


def test_a_noop_has_no_fields(attempt: Attempt) -> None:
    with pytest.raises(ActivityError, match=r"config\.message") as caught:
        Noop(ActivitySettings()).run(attempt, {"message": "hi"}, None)
    assert (caught.value.error_type, caught.value.retryable) == ("input.invalid", False)
