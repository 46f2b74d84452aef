"""Profiles of hypothesis (`--hypothesis-profile=long` tries the laws with many more examples); the broker and database that tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import settings

from brokers.finding import some_broker
from brokers.jars import NoBroker
from tests.postgres import NoPostgres, Postgres

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # of the many processes that tests begin each would compile everything anew

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a script begins what it runs beside itself: so would begin what tests begin
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("long", print_blob=True, deadline=None)
settings.register_profile("here", deadline=None)  # no test is about time; in CI hypothesis has a profile of its own that says so
if "CI" not in os.environ:
    settings.load_profile("here")

_said: dict[str, None] = {}


def missing(tests: str, needed: str, error: Exception, fails_in_ci: bool = True) -> NoReturn:
    """Tests of what this machine lacks the tools for are skipped and that is said; most are a failure in CI."""
    if fails_in_ci and os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {needed}: {error}")
    _said[f"{tests} TESTS WERE SKIPPED: {error}"] = None
    pytest.skip(str(error))


def no_broker(error: NoBroker) -> NoReturn:
    """There is no broker."""
    missing("KAFKA", "a Kafka broker", error)


@pytest.fixture(scope="session")
def _shared_broker() -> Iterator[str | NoBroker]:
    try:
        with some_broker() as bootstrap:
            _said[f"the Kafka tests ran against a real broker at {bootstrap}"] = None
            yield bootstrap
    except NoBroker as error:
        yield error


@pytest.fixture
def broker(_shared_broker: str | NoBroker) -> str:
    """The address of a real broker, the same for all tests."""
    if isinstance(_shared_broker, NoBroker):
        no_broker(_shared_broker)
    assert isinstance(_shared_broker, str)
    return _shared_broker


def no_postgres(error: NoPostgres) -> None:
    """The same for tests on PostgreSQL."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs PostgreSQL: {error}")
    _said[f"POSTGRESQL TESTS WERE SKIPPED: {error}"] = None
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def _shared_postgres() -> Iterator[str | NoPostgres]:
    if url := os.environ.get("REFOLD_POSTGRES"):
        yield url
        return
    try:
        made = Postgres()
    except NoPostgres as error:
        yield error
        return
    _said["the PostgreSQL tests ran against a real server"] = None
    yield made.url
    made.close()


@pytest.fixture(scope="session")
def postgres_url(_shared_postgres: str | NoPostgres) -> str:
    """The address of a real PostgreSQL, the same for all tests."""
    if isinstance(_shared_postgres, NoPostgres):
        no_postgres(_shared_postgres)
    assert isinstance(_shared_postgres, str)
    return _shared_postgres


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _said:
        terminalreporter.write_line(line)
