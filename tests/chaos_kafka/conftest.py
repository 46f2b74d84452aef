"""One short chaos run on Kafka for all tests here: what it leaves behind is audited, and doctored."""

from __future__ import annotations

import pytest

from brokers.jars import NoBroker
from tests.conftest import no_broker

from .campaign import Outcome, Plan, run

SHORT = Plan(faults=10, seed=3, callers=4, rate=8.0, gap_s=0.5, session_s=3.0)


@pytest.fixture(scope="session")
def _outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome | NoBroker:
    try:
        return run(SHORT, tmp_path_factory.mktemp("chaos"), lambda said: None)
    except NoBroker as error:
        return error


@pytest.fixture
def outcome(_outcome: Outcome | NoBroker) -> Outcome:
    """What came of the short run."""
    if isinstance(_outcome, NoBroker):
        no_broker(_outcome)
    return _outcome
