"""Lists out of a million executions: how long a page of 50 takes by each column, counts by status, and causes of incidents.

    python -m benchmarks.lists                        SQLite, in a folder of its own
    python -m benchmarks.lists --postgres URL         PostgreSQL, in a schema of its own
    python -m benchmarks.lists --executions 100000    fewer

The rows are real ones, but no engine has made them: they are stored straight through the stores, 20,000 at a time, with their
search values, tags, node runs, waits and incidents. A page is asked for 20 times after one that warms up; the median is shown, and
the longest. The filter is compiled each time.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from contracts.journal import Checkpoint
from contracts.ports.read_models import Changes, ReadModels
from infra.store.postgres import models_in
from infra.store.sqlite import SqliteReadModels
from projections.execution_columns import execution_filter, tags_of
from projections.executions import EXECUTIONS, TAGS, ExecutionRecord, TagRecord, executions_where
from projections.incidents import CAUSE, INCIDENTS, IncidentRecord, incident_filter, incidents_where
from projections.node_runs import NODE_RUNS, NodeRunRecord, node_run_filter, node_runs_where
from projections.registry import READ_MODELS
from projections.search import SEARCH_VALUES, search_records
from projections.waits import WAITING, WaitRecord, wait_filter, waits_where

BATCH: Final = 20_000
EVERY_MS: Final = 2_000
NOW: Final = 1_700_000_000_000
FILTERS: Final = [
    "true", "execution_id == 'x500000'", "workflow == 'workflow-7'", "workflow == 'workflow-7' && version == 2", "status == 'completed'",
    "status == 'failed'", "status != 'completed'", "status in ['running', 'incident']", "outcome == 'refused'", "error.type == 'timeout'",
    "parent == 'x1000'", "root == 'x1000'", "trigger.kind == 'schedule'", "trigger.id == 'nightly'", "'billing' in tags", "'rare' in tags",
    "created_at > now - duration('1h')", "created_at < now - duration('400h')", "started_at > now - duration('1h')",
    "ended_at > now - duration('10m')", "ended_at > now - duration('300h')", "duration > duration('59m')", "duration > duration('5m')",
    "search.customer == 'C-77'", "search.region == 'eu'", "search.amount == 777", "search.amount > 9990", "search.amount > 100",
    "search.vip == true", "workflow.startsWith('workflow-7')",
    "workflow == 'workflow-7' && search.region == 'eu' && duration > duration('5m') && status in ['failed', 'incident']",
    "search.customer == 'C-77' && status == 'failed'",
]  # fmt: skip


def execution(chance: random.Random, number: int, count: int) -> ExecutionRecord:
    """A row: most have completed, one in a hundred has failed, a few hundred are open."""
    status = chance.choices(["completed", "failed", "running", "incident"], [980, 10, 9, 1])[0]
    start = NOW - (count - number) * EVERY_MS
    duration = None if status in ("running", "incident") else int(chance.expovariate(1 / 120_000))
    search = {
        "customer": f"C-{chance.randrange(20_000)}", "region": chance.choice(["eu", "us"]), "amount": chance.randrange(10_000),
        "vip": chance.random() < 0.001,
    }  # fmt: skip
    is_child = chance.random() < 0.2
    above = f"x{number - number % 1_000}" if is_child else None
    trigger: tuple[str | None, str | None] = ("schedule", chance.choice(["nightly", "hourly"])) if chance.random() < 0.05 else (None, None)
    return ExecutionRecord(
        number, f"x{number}", f"workflow-{chance.randrange(20)}", chance.choice([1, 1, 1, 2]), status,
        "refused" if chance.random() < 0.02 else None, above, start, start, start + duration if duration is not None else 0, 40, number + 1,
        "timeout" if status == "failed" else None, "no answer in time" if status == "failed" else None, "[]", json.dumps(search),
        b"\1" * 12, above, trigger[0], trigger[1], '["rare"]' if chance.random() < 0.0005 else '["billing"]', duration,
    )  # fmt: skip


def beside(changes: Changes, one: ExecutionRecord) -> None:
    """What other read models have about an execution."""
    for value in search_records(one.number, (one.search or "{}").encode(), one.created_at):
        changes.put(SEARCH_VALUES, value)
    for tag in tags_of(one.tags):
        changes.put(TAGS, TagRecord(one.number, tag, one.created_at))
    if one.ended_at and one.status == "completed":
        return
    status = {"running": "active", "incident": "incident", "failed": "failed"}[one.status]
    place = (one.created_at, one.execution, one.workflow, one.version)
    error, message = (None, None) if status == "active" else ("timeout", f"no answer in {one.number} ms")
    run = (one.number, "charge", 1, int(status == "failed"), *place, "charge", "http_request", status, one.started_at, error, message)
    changes.put(NODE_RUNS, NodeRunRecord(*run))
    if status == "active":
        changes.put(WAITING, WaitRecord(one.number, "ask", "signal", f"signal-{one.number % 10}", *place, one.started_at, NOW))
    if status == "incident":
        failure = (one.workflow, "charge", "timeout", str(message), "no answer in # ms")
        changes.put(INCIDENTS, IncidentRecord(one.number, "1", one.execution, "charge", "{}", one.started_at, 0, None, *failure))


def fill(models: ReadModels, count: int) -> None:
    """Store so many executions."""
    chance, names = random.Random(7), [one.name for one in READ_MODELS]
    for first in range(0, count, BATCH):
        changes = Changes()
        for number in range(first, min(first + BATCH, count)):
            one = execution(chance, number, count)
            changes.put(EXECUTIONS, one)
            beside(changes, one)
        models.save(names, changes, Checkpoint("j", min(first + BATCH, count)), first, is_whole=True)


def measure(name: str, ask: Callable[[], Any]) -> float:
    """Ask it 20 times; the median in milliseconds."""
    ask()
    took = []
    for _ in range(20):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1_000)
    median = statistics.median(took)
    print(f"{median:8.2f} ms, at most {max(took):8.2f}   {name}", flush=True)
    return median


def measure_all(models: ReadModels) -> float:
    """All lists; the median of the slowest in milliseconds."""
    found = [measure(source, partial(_page, models, source)) for source in FILTERS]
    page = models.select(executions_where(limit=50, filter_=execution_filter("workflow == 'workflow-7'", NOW)))
    after = EXECUTIONS.cursor(page[-1], 0)
    found.append(measure("the page after: workflow == 'workflow-7'", lambda: _page(models, "workflow == 'workflow-7'", after)))
    for list_, source in (("node runs", "status == 'failed'"), ("node runs", "since < now - duration('400h')")):
        where = node_runs_where(filter_=node_run_filter(source, NOW))
        found.append(measure(f"{list_}: {source}", partial(models.select, where)))
    for source in ("name == 'signal-3'", "waits_for == 'signal' && until <= now"):
        waits = waits_where(filter_=wait_filter(source, NOW))
        found.append(measure(f"waits: {source}", partial(models.select, waits)))
    open_ones = incidents_where(is_open=True, limit=100, filter_=incident_filter("workflow != 'none'", NOW))
    found.append(measure("incidents: workflow != 'none'", lambda: models.select(open_ones)))
    found.append(measure("incidents by cause", lambda: models.groups(incidents_where(is_open=True, limit=100), CAUSE)))
    found.append(measure("counts by status", lambda: models.counts(EXECUTIONS)))
    return max(found)


def _page(models: ReadModels, source: str, after: Any = None) -> int:
    return len(models.select(executions_where(limit=50, after=after, filter_=execution_filter(source, NOW))))


def main() -> None:
    """Measure, and say what was slowest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--postgres", metavar="URL", help="in this database instead of a file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refold-lists-") as folder:
        if asked.postgres is None:
            models: ReadModels = SqliteReadModels(Path(folder) / "rows.db", READ_MODELS)
        else:
            models = models_in(asked.postgres, f"lists-{secrets.token_hex(4)}", READ_MODELS, False)(0)
        began = time.perf_counter()
        fill(models, asked.executions)
        models.rest()
        took = time.perf_counter() - began
        print(f"{asked.executions:,} executions stored in {took:.0f} s, {asked.executions / took:,.0f} a second", flush=True)
        print(f"the slowest: {measure_all(models):.2f} ms")
        models.close()


if __name__ == "__main__":
    main()
