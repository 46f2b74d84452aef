"""One short chaos run for all tests here: what it leaves behind is audited, and doctored."""

from __future__ import annotations

from pathlib import Path

import pytest

from .campaign import Outcome, Plan, run

SHORT = Plan(kills=10, seed=5, workers=2, callers=6, rate=15.0, gap_s=0.4, lease_s=1.5)


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What came of the short run."""
    return run(SHORT, tmp_path_factory.mktemp("chaos"), lambda said: None)


@pytest.fixture
def data(outcome: Outcome) -> Path:
    """The data folder that it left."""
    return outcome.folder / "data"
