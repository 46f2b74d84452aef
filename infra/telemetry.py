"""Metrics as Prometheus reads them, made from what the engine counts anyway when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import Final, NamedTuple, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from contracts.breakers import STATES_THERE_ARE as BREAKER_STATES
from contracts.webhooks import STATUSES as WEBHOOK_STATUSES
from workers.partition.metrics import Histogram, Metrics, Reason
from workers.partition.trigger_metrics import TriggerMetrics


class Observed(NamedTuple):
    """What there is to tell at one moment."""

    metrics: Metrics
    position: int
    projected: int
    open_executions: int
    executions: Mapping[str, int]
    requests_under_way: int
    lane_requests: int
    projector_restarts: int
    unreadable: Mapping[str, int] = MappingProxyType({})
    newer: Mapping[str, int] = MappingProxyType({})
    events_lag: int | None = None
    """None where nobody has ever published any."""
    webhooks: Mapping[str, int] = MappingProxyType({})
    """How many webhooks stand how."""
    triggers: TriggerMetrics = TriggerMetrics()
    hooks: Mapping[tuple[str, str], int] = MappingProxyType({})
    """Requests to webhooks, by trigger and what became of them."""
    breakers: Mapping[str, int] = MappingProxyType({})
    """How many circuit breakers stand how."""
    held: Mapping[str, int] = MappingProxyType({})
    """By circuit breaker: how many attempts it holds."""


_COUNTERS: Final[tuple[tuple[str, Callable[[Observed], float], str], ...]] = (
    ("refold_decisions", lambda seen: seen.metrics.decisions, "Decisions made"),
    ("refold_rounds", lambda seen: seen.metrics.rounds, "Rounds that were committed"),
    ("refold_rejections", lambda seen: seen.metrics.rejections, "Commands that were refused"),
    ("refold_claims", lambda seen: seen.metrics.claims, "Times the partition was claimed"),
    ("refold_refused_rounds", lambda seen: seen.metrics.refused, "Rounds for which there was no room"),
    ("refold_quarantined", lambda seen: seen.metrics.quarantined, "Executions set aside after an error of the engine"),
    ("refold_dead_letters", lambda seen: seen.metrics.dead_letters, "Messages nobody could be given"),
    ("refold_archived_executions", lambda seen: seen.metrics.archived, "Executions that have ended and were written into the archive"),
    ("refold_removed_executions", lambda seen: seen.metrics.removed, "Executions that have ended and were removed from the log"),
    ("refold_archive_failures", lambda seen: seen.metrics.archive_failures, "Times that archiving or removing has failed"),
    ("refold_blob_bytes_deleted", lambda seen: seen.metrics.blob_bytes_deleted, "Bytes of payloads on Kafka that nobody needed"),
    ("refold_blob_sweep_failures", lambda seen: seen.metrics.blob_sweep_failures, "Times that a sweep of payloads on Kafka has failed"),
    ("refold_lane_requests", lambda seen: seen.lane_requests, "Requests that took the lane past the framework"),
    ("refold_triggers_fired", lambda seen: seen.triggers.fired, "Times that triggers have started something by themselves"),
    ("refold_triggers_missed", lambda seen: seen.triggers.missed, "Times of schedules that were passed over, as nobody was there"),
    ("refold_triggers_refused", lambda seen: seen.triggers.refused, "Times that a trigger could not start what it was to"),
    ("refold_triggers_too_deep", lambda seen: seen.triggers.too_deep, "Times that a chain of triggers was cut that started each other"),
    ("refold_projector_restarts", lambda seen: seen.projector_restarts, "Times the projector was started again"),
)
_GAUGES: Final[tuple[tuple[str, Callable[[Observed], float], str], ...]] = (
    ("refold_journal_position", lambda seen: seen.position, "The offset after the last decision"),
    ("refold_projection_position", lambda seen: seen.projected, "The offset up to which the read models go"),
    ("refold_projection_lag", lambda seen: max(0, seen.position - seen.projected), "Records that the read models lack"),
    ("refold_open_executions", lambda seen: seen.open_executions, "Executions that have not ended"),
    ("refold_largest_round", lambda seen: seen.metrics.largest_round, "Decisions in the largest round"),
    ("refold_foreign_records", lambda seen: seen.metrics.foreign, "Records of others in the journal that count for nobody"),
    ("refold_takeover_last_seconds", lambda seen: seen.metrics.takeover_ms / 1000, "How long the last takeover took"),
    ("refold_timer_drift_seconds", lambda seen: seen.metrics.timer_drift_ms / 1000, "How late the last timer fired"),
    ("refold_awaiting_quota", lambda seen: seen.metrics.awaiting_quota, "Executions that wait until their workflow lets them in"),
    ("refold_overdue_seconds", lambda seen: seen.metrics.overdue_ms / 1000, "How much longer the oldest is there than it is to be kept"),
    ("refold_blob_bytes", lambda seen: seen.metrics.blob_bytes, "Bytes of payloads on Kafka, at the last sweep of this process"),
    ("refold_blobs_swept_seconds", lambda seen: seen.metrics.blobs_swept_at / 1000, "When this process last swept them, since 1970"),
    ("refold_schedules_waiting", lambda seen: seen.triggers.waiting, "Schedules that wait for the next time at which they are due"),
    ("refold_schedule_drift_seconds", lambda seen: seen.triggers.drift_ms / 1000, "How late the last schedule fired"),
    ("refold_schedule_drift_max_seconds", lambda seen: seen.triggers.drift_ms_max / 1000, "How late the latest schedule fired"),
    ("refold_requests_under_way", lambda seen: seen.requests_under_way, "HTTP requests under way"),
)
"""A metric is a line here: its name, what it is at a moment, and what it counts."""


class _Collector:
    """Gives the metrics of one moment."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    def collect(self) -> Iterable[Metric]:
        """All families."""
        seen = self._observed
        for name, value_of, text in _COUNTERS:
            yield CounterMetricFamily(name, text, value=value_of(seen))
        for name, value_of, text in _GAUGES:
            yield GaugeMetricFamily(name, text, value=value_of(seen))
        if seen.events_lag is not None:
            yield GaugeMetricFamily("refold_events_lag", "Records that are not published as events yet", value=seen.events_lag)
        yield from _stand_downs(seen.metrics)
        yield _histogram("refold_takeover_seconds", "From a claim to the first round under it", seen.metrics.takeovers)
        yield _histogram("refold_batch_decisions", "Decisions in a round", seen.metrics.batches)
        yield _histogram("refold_append_seconds", "How long appends of rounds took", seen.metrics.appends)
        yield _by_topic("refold_unreadable_records", "Records come upon that nobody can read: dead letters", seen.unreadable)
        yield _by_topic("refold_newer_records", "Records come upon that a newer version has written, left where they are", seen.newer)
        yield _by_status("refold_executions", "Executions in the read models", seen.executions)
        yield _by_status("refold_webhooks", "Webhooks, by how they stand", dict.fromkeys(WEBHOOK_STATUSES, 0) | dict(seen.webhooks))
        yield _hook_requests(seen.hooks)
        yield _by("state", "refold_breakers", "Circuit breakers, by how they stand", dict.fromkeys(BREAKER_STATES, 0) | dict(seen.breakers))
        yield _by("breaker", "refold_held_activities", "Attempts that a circuit breaker holds", seen.held)


def _hook_requests(counts: Mapping[tuple[str, str], int]) -> Metric:
    family = CounterMetricFamily("refold_hook_requests", "Requests to webhooks", labels=["trigger", "verdict"])
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family


def _by_status(name: str, text: str, counts: Mapping[str, int]) -> Metric:
    return _by("status", name, text, counts)


def _by(label: str, name: str, text: str, counts: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _by_topic(name: str, text: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["topic"])
    for topic, count in sorted(counts.items()):
        family.add_metric([topic], count)
    return family


def _stand_downs(metrics: Metrics) -> Iterable[Metric]:
    family = CounterMetricFamily("refold_stand_downs", "Times the owner stood down", labels=["reason"])
    for reason in get_args(Reason):
        family.add_metric([reason], metrics.reasons[reason])
    yield family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    bounds = [*map(str, map(float, histogram.bounds)), "+Inf"]
    buckets = list(zip(bounds, accumulate(histogram.counts), strict=True))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=histogram.sum)


def render(observed: Observed) -> bytes:
    """The text of all metrics."""
    registry = CollectorRegistry()
    registry.register(_Collector(observed))
    return generate_latest(registry)
