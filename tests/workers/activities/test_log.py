"""`log`."""

import logging

import pytest

from workers.running.activities.log import Log, LogConfig
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt


@pytest.fixture
def log() -> Log:
    return Log(ActivitySettings())


def test_a_message_is_written_with_its_place(log: Log, attempt: Attempt, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "refold.activity"):
        assert log.run(attempt, {"message": "100 % done"}, {"a": 1}) == {"a": 1}
    (record,) = caplog.records
    assert record.getMessage() == "100 % done"
    assert (record.__dict__["execution"], record.__dict__["path"]) == ("order-1", "loop[3]/n")


def test_a_message_that_is_no_string_is_written_as_json(log: Log, attempt: Attempt, caplog: pytest.LogCaptureFixture) -> None:
    log.run(attempt, {"message": {"a": [1, None]}, "level": "error"}, None)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().endswith('{"a":[1,null]}')


def test_an_unknown_level_is_refused_with_those_there_are(log: Log, attempt: Attempt) -> None:
    with pytest.raises(ActivityError, match=r"config\.level: .*debug, info, warning, error, found 'loud'"):
        log.run(attempt, {"message": "x", "level": "loud"}, None)


def test_a_template_passes_for_a_level_until_it_is_filled_in(log: Log, attempt: Attempt) -> None:
    assert LogConfig(level="{{ vars.level }}").level == "{{ vars.level }}"
    with pytest.raises(ActivityError, match=r"config\.level"):
        log.run(attempt, {"level": "{{ vars.level }}"}, None)
