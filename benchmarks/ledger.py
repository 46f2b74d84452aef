"""What `steps.noted_step` has left: which steps ran, which ran again, and whether any result was applied twice.

A step that is given one input in one run and another in a later one shows that two results of the step before it were
applied: what was durable was forgotten or doubled. A step that ran again with the same input was only in flight.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The counts of a ledger, in steps."""

    runs: int
    steps: int
    again: int
    """Runs beyond the first one of a step: what was in flight when the server was killed."""
    repeated: int
    """Steps whose predecessor's result was applied more than once. Must be 0."""


def audit(ledger: Path) -> Audit:
    """Read a ledger. A line is the idempotency key, what the step was given, what it gave."""
    given: defaultdict[str, set[str]] = defaultdict(set)
    runs = 0
    for line in ledger.read_text().splitlines():
        key, came, _ = line.rsplit(" ", 2)
        given[key].add(came)
        runs += 1
    repeated = sum(len(inputs) > 1 for inputs in given.values())
    return Audit(runs=runs, steps=len(given), again=runs - len(given), repeated=repeated)


def lines(ledger: Path) -> int:
    """How many steps have run so far."""
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0
