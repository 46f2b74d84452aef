"""What an owner counts: histograms, reasons, and several owners together."""

from __future__ import annotations

import pytest

from contracts.errors import AppendUnknown, Fenced, LogCorrupt, LogError, LogFull, LogUnreachable, RecordTooLarge
from infra.telemetry import Observed, render
from tests.workers.harness import Bench
from workers.partition.metrics import BATCH_BOUNDS, Histogram, Metrics, reason_of, total


def test_a_value_counts_for_the_first_bound_that_is_not_below_it() -> None:
    histogram = Histogram((1, 2, 5))
    for value in (1, 2, 3, 5, 6):
        histogram.observe(value)
    assert (histogram.counts, histogram.sum) == ([1, 1, 2, 1], 17)


WORDS = {
    Fenced: "fenced", AppendUnknown: "unknown", LogUnreachable: "unreachable", LogFull: "full", LogCorrupt: "corrupt",
    RecordTooLarge: "other",
}  # fmt: skip


@pytest.mark.parametrize(("error", "reason"), WORDS.items())
def test_every_error_of_the_log_has_a_word(error: type[LogError], reason: str) -> None:
    assert reason_of(error("why")) == reason


def test_an_owner_counts_its_takeover_its_batches_and_its_appends() -> None:
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": "n", "type": "noop"}]})
    bench.start()
    bench.move()
    counted = bench.engine.owner.metrics
    assert counted.claims == sum(counted.takeovers.counts) == 1
    assert counted.claimed_at > 0
    assert sum(counted.batches.counts) == counted.rounds > 0
    assert counted.batches.sum == counted.decisions
    assert sum(counted.appends.counts) == counted.rounds


def test_the_counters_of_several_owners_come_together_and_the_last_takeover_is_told() -> None:
    one, two = Metrics(), Metrics()
    one.count_round(3)
    two.count_round(2_000)
    one.count_stand_down(Fenced("thrown out"))
    two.count_takeover(1_700, 2_000)
    one.count_takeover(100, 1_000)
    both = total([one, two])
    assert both.batches.counts == [0, 0, 1, *[0] * (len(BATCH_BOUNDS) - 3), 1]
    assert (both.reasons["fenced"], both.stand_downs) == (1, 1)
    assert (both.claimed_at, both.takeover_ms, both.takeovers.sum) == (2_000, 300, 1.2)


def test_what_prometheus_reads_has_buckets_and_a_label_for_every_reason() -> None:
    counted = Metrics()
    counted.count_round(7)
    counted.count_stand_down(LogUnreachable("nobody answers"))
    text = render(Observed(counted, 1, 1, 0, {}, 0, 0, 0)).decode()
    assert 'refold_batch_decisions_bucket{le="5.0"} 0.0' in text
    assert 'refold_batch_decisions_bucket{le="10.0"} 1.0' in text
    assert 'refold_batch_decisions_bucket{le="+Inf"} 1.0' in text
    assert "refold_batch_decisions_sum 7.0" in text
    assert 'refold_stand_downs_total{reason="unreachable"} 1.0' in text
    assert 'refold_stand_downs_total{reason="fenced"} 0.0' in text
