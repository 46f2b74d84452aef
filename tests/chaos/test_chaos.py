"""A short chaos run, as `make chaos` does a long one: processes are killed at random moments, and nothing is lost or done twice."""

from __future__ import annotations

from collections import Counter

from .campaign import Outcome
from .conftest import SHORT
from .evidence import outcomes
from .report import report
from .workflows import EXPECTED


def test_nothing_is_lost_or_done_twice_whatever_is_killed(outcome: Outcome) -> None:
    assert outcome.findings == [], report(outcome)


def test_it_was_a_run_worth_auditing(outcome: Outcome) -> None:
    faults = Counter((fault.target, fault.what) for fault in outcome.evidence.faults)
    assert sum(count for (_, what), count in faults.items() if what == "kill") >= SHORT.kills
    assert {target for target, what in faults if what == "kill"} == {"server", "projector", "worker"}
    assert {("server", "freeze"), ("worker", "freeze"), ("disk", "full disk")} <= set(faults)
    statuses = {status for _, status in outcomes(outcome.evidence)}
    assert statuses >= {"completed", "failed", "cancelled", "terminated", "running"}
    assert {workflow for workflow, _ in outcomes(outcome.evidence)} == set(EXPECTED)


def test_the_report_names_kills_outcomes_and_times(outcome: Outcome) -> None:
    text = report(outcome)
    for part in ("kill: server", "kill: projector", "kill: worker", "freeze: server", "completed", "attempts that ran again", "p50"):
        assert part in text
    assert text.endswith("no finding")
