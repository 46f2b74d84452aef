"""Warming: what activities of past executions gave becomes cached results, as if it had been kept when it came.

history ─► an activity that asks for it ─► its result ─► put, for what is left of its time
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contracts.commands import CompleteActivity, RunActivity
from contracts.ids import activity_key
from contracts.ports.result_cache import ResultCache
from contracts.values import is_reference
from domain.execution.deciding import ReadBlob
from domain.execution.history import Entry, Folded, GraphOf, apply, begin
from domain.execution.react import react
from workers.running.result_cache import cache_key


class PastResult(NamedTuple):
    """What an activity gave, and when (ms since 1970)."""

    activity: RunActivity
    output: bytes
    at: int


def past_results(entries: Iterable[Entry], graph_of: GraphOf, read_blob: ReadBlob) -> Iterator[PastResult]:
    """The results of an execution that may be used again; not those that lie in blobs, or were used again themselves."""
    folded: Folded | None = None
    running: dict[str, RunActivity] = {}
    for entry in entries:
        folded = folded or begin(entry, graph_of, read_blob)
        apply(folded, entry)
        decision, command = entry.decision, entry.decision.command
        if isinstance(command, CompleteActivity) and decision.rejection is None:
            activity = running.pop(activity_key(decision.execution, command.path, command.attempt), None)
            if activity is not None and not command.cached and not is_reference(command.output):
                yield PastResult(activity, command.output, decision.now)
        for effect in react(folded.graph, folded.state, decision):
            if isinstance(effect, RunActivity) and effect.caching is not None:
                running[activity_key(effect.execution, effect.path, effect.attempt)] = effect


def warm(cache: ResultCache, results: Iterable[PastResult], now: int) -> int:
    """Keep past results for what is left of their time; how many there were with any left."""
    count = 0
    for result in results:
        caching = result.activity.caching
        assert caching is not None
        left = result.at + caching.ttl_ms - now
        if left > 0:
            cache.put(cache_key(result.activity), result.activity.kind, result.output, left, result.activity.workflow, is_new=False)
            count += 1
    return count
