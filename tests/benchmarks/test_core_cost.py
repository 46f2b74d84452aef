"""The only timed test: what a decision costs in the pure core. `benchmarks/core.py` says why it can be trusted on a busy machine."""

from __future__ import annotations

import pytest

from benchmarks.core import measure

RECORDED = {True: 6.6, False: 8.0}
"""Turns of the reference loop that a decision costs, straight and the long way, 2026-11-24, CPython 3.11. Lower it when the core
has become faster; raise it only with a reason."""
ALLOWED = 1.5
TRIES = 3


@pytest.mark.parametrize("straight", [True, False], ids=["straight", "the long way"])
def test_a_decision_costs_no_more_than_half_again_what_it_did(straight: bool) -> None:
    ratio = min(measure(straight=straight).ratio for _ in range(TRIES))
    recorded = RECORDED[straight]
    assert ratio <= recorded * ALLOWED, f"a decision costs {ratio:.1f} turns of the reference loop; {recorded} are recorded"
