"""The cached results of a data folder, beside whoever holds it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from contracts.errors import LogCorrupt, Rejected
from contracts.ports.result_cache import Which
from domain.expressions import parse_duration
from infra.clock import SystemClock
from infra.server.reader_wiring import Reader
from projections.cached_results import result_value, use_values
from refold.cli.commands.output import BadInput
from refold.cli.commands.target import Value
from workers.running.result_warming import past_results, warm
from workers.running.sqlite_result_cache import SqliteResultCache


@contextmanager
def cache_in(data: Path) -> Iterator[SqliteResultCache]:
    """The cache. A folder that is not there has none."""
    if not data.exists():
        raise BadInput(f"{data} is no data folder: there is nothing")
    with closing(SqliteResultCache(data / "cache.db", SystemClock())) as cache:
        yield cache


def results_in(data: Path, kind: str | None, workflow: str | None, limit: int) -> Value:
    """See `Target.cached_results`."""
    with cache_in(data) as cache:
        found = cache.results(Which(kind, workflow), "", limit + 1)
        uses = [one for one in cache.uses() if kind in (None, one.kind) and workflow in (None, one.workflow)]
    following = found[limit - 1].key if len(found) > limit else None
    return {"results": [result_value(one) for one in found[:limit]], "next": following, "uses": use_values(uses)}


def invalidate_in(data: Path, kind: str | None, workflow: str | None, key: str | None, older_than: str | None) -> Value:
    """See `Target.invalidate`."""
    try:
        before = None if older_than is None else SystemClock().now() - parse_duration(older_than)
    except ValueError:
        raise BadInput(f"--older-than: expected a duration like `90m` or `PT1H30M`, found {older_than!r}") from None
    with cache_in(data) as cache:
        return {"count": cache.invalidate(Which(kind, workflow, key, before))}


def warm_in(data: Path, reader: Reader, workflow: str, limit: int) -> Value:
    """See `Target.warm`."""
    from refold.cli.commands.folder_reading import all_entries, entries_at

    if not reader.catalog.knows(workflow):
        raise Rejected("unknown_workflow", f"workflow {workflow}: no such workflow is published", workflow=workflow)
    names: deque[str] = deque(maxlen=limit)
    for entry in all_entries(reader):
        decision = getattr(entry, "decision", None)
        if decision is not None and decision.first == 1 and getattr(decision.command, "workflow", None) == workflow:
            names.append(decision.execution)
    results = unreadable = 0
    with cache_in(data) as cache:
        for name in names:
            try:
                past = past_results(entries_at(reader, name), reader.catalog.graph, reader.blobs.get)
                results += warm(cache, past, SystemClock().now())
            except (KeyError, LogCorrupt):
                unreadable += 1
    return {"executions": len(names), "results": results, "unreadable": unreadable}
