"""Answers: what a case gives for an attempt of a node, and which of its nodes are given theirs as pins are.

An activity and a child are asked, and answered as a worker or the child would. Every other kind is decided by the engine: what is
given for one is a pin, as a test run has them, and the node does not begin at all.
"""

from __future__ import annotations

from typing import Final

from contracts.commands import CompleteActivity, FailActivity, LoseActivity
from contracts.failure import Failure, details_of
from contracts.pins import ANY, EACH, EVERY, Pin
from contracts.values import encode
from contracts.workflow_tests import Mock, Mocks
from domain.execution.paths import iteration_of, plain_path

WORKER: Final = "worker"


def listed_mocks(given: Mock | list[Mock]) -> list[Mock]:
    """The mocks of a node, as a list."""
    return given if isinstance(given, list) else [given]


class Answers:
    """The mocks of a case by the paths of nodes; those of a child stand below its node."""

    def __init__(self, mocks: Mocks) -> None:
        self._mocks = {path: sorted(listed_mocks(given), key=_generality) for path, given in mocks.items()}

    def find(self, path: str, attempt: int, or_any: bool) -> Mock | None:
        """What is given for an attempt: that of the very path first, then that of the node in all iterations, then the one for all."""
        for key in (path, plain_path(path), ANY) if or_any else (path, plain_path(path)):
            for mock in self._mocks.get(key, ()):
                if mock.attempt in (None, attempt) and mock.iteration in (None, iteration_of(path)):
                    return mock
        return None


def _generality(mock: Mock) -> tuple[bool, bool]:
    return mock.attempt is None, mock.iteration is None


def failure_of(mock: Mock) -> Failure | None:
    """The failure that a mock gives; None where it gives a result."""
    if mock.error is None:
        return None
    if isinstance(mock.error, str):
        return Failure(mock.error, "this failure was mocked")
    error = mock.error
    return Failure(error.type, error.message, None if error.details is None else details_of(error.details))


def is_retryable(mock: Mock) -> bool:
    """Whether trying again may help."""
    return mock.error is None or isinstance(mock.error, str) or mock.error.retryable


def report_of(mock: Mock, path: str, attempt: int) -> CompleteActivity | FailActivity | LoseActivity:
    """What a worker would report."""
    if mock.lost:
        return LoseActivity(path, attempt, WORKER)
    failure = failure_of(mock)
    if failure is not None:
        return FailActivity(path, attempt, failure, is_retryable(mock))
    return CompleteActivity(path, attempt, encode(mock.output))


def pin_of(mock: Mock) -> Pin:
    """A mock as the pin of a node that the engine decides."""
    attempt = EACH if mock.attempt is None else mock.attempt
    iteration = EVERY if mock.iteration is None else mock.iteration
    failure = failure_of(mock)
    if failure is not None:
        return Pin(None, None, failure, is_retryable(mock), attempt, iteration)
    output = encode(mock.output) if "output" in mock.model_fields_set else None
    return Pin(output, None if mock.port is None else (mock.port,), None, True, attempt, iteration)


def pins_of(given: Mock | list[Mock]) -> tuple[Pin, ...]:
    """The mocks of a node as its pins, the most special ones first."""
    return tuple(pin_of(mock) for mock in sorted(listed_mocks(given), key=_generality))
