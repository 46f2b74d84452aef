"""A short chaos run on Kafka, as `make chaos-kafka` does a long one: whatever dies, nothing is lost or done twice."""

from __future__ import annotations

from collections import Counter

from tests.chaos.workflows import EXPECTED

from .campaign import Outcome
from .conftest import SHORT
from .report import report


def test_nothing_is_lost_or_done_twice_whatever_dies(outcome: Outcome) -> None:
    assert outcome.findings == [], report(outcome)


def test_it_was_a_run_worth_auditing(outcome: Outcome) -> None:
    stories = outcome.stories
    faults = Counter((fault.target.partition("-")[0], fault.what) for fault in stories.evidence.faults)
    assert sum(faults.values()) >= SHORT.faults - 1
    assert {("engine", "kill"), ("engine", "freeze"), ("worker", "kill"), ("worker", "freeze"), ("broker", "kill")} <= set(faults)
    assert (("engine", "cut") in faults) == outcome.has_network
    assert {story.workflow for story in stories.all.values()} == set(EXPECTED)
    assert len({claim.node for claim in stories.journal.claims}) == 3
    assert all(stories.claims[partition] for partition in range(SHORT.partitions))


def test_the_report_names_faults_claims_and_times(outcome: Outcome) -> None:
    text = report(outcome)
    for part in ("kill: engine", "kill: worker", "kill: broker", "foreign decisions", "claims", "handed out again", "decisions a second"):
        assert part in text
    assert text.endswith("no finding")
