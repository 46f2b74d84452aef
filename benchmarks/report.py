"""The tables: each workload beside its peers, what each process costs, and the other figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.expressions import titles
from benchmarks.workloads import WORKLOADS

Figures = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure that is shown: its key, its unit, whether more is better, and by how much a peer is to be beaten."""

    key: str
    unit: str
    more: bool = True
    is_ratio: bool = False
    """Whether the ratio to the peers is stored: one for each workload."""
    target: float | None = None


ROWS: dict[str, tuple[Row, ...]] = {
    "w1": (
        Row(key="executions_per_s", unit="executions/s", is_ratio=True, target=12),
        Row(key="p50_ms", unit="ms, p50", more=False),
        Row(key="cpu_ms_per_execution", unit="ms of CPU each", more=False),
        Row(key="bytes_per_execution", unit="bytes each", more=False),
    ),
    "w2": (
        Row(key="steps_per_s", unit="steps/s", is_ratio=True, target=8),
        Row(key="cpu_ms_per_execution", unit="ms of CPU each", more=False),
    ),
    "w3": (
        Row(key="p50_ms", unit="ms, p50", more=False, is_ratio=True, target=4),
        Row(key="p99_ms", unit="ms, p99", more=False),
    ),
    "w4": (Row(key="signals_per_s", unit="signals/s", is_ratio=True, target=20),),
    "w5": (
        Row(key="seconds", unit="s until all had ended", more=False, is_ratio=True, target=1),
        Row(key="lost", unit="executions lost", more=False),
        Row(key="repeated", unit="results applied twice", more=False),
        Row(key="again", unit="steps run again", more=False),
    ),
}
OTHERS = (
    ("start.ms", "from nothing to a first result, ms", 3_000.0),
    ("compile.ms_100", "compile of 100 nodes with as many expressions, ms", None),
    ("compile.ms_1000", "compile of 1,000, ms", 50.0),
    ("compile.ms_10000", "compile of 10,000, ms", None),
    ("langgraph.ms_100", "100 nodes as a compiled graph of LangGraph, ms of CPU", 20.0),
    ("langgraph.ms_1000", "1,000, ms of CPU", 150.0),
    ("langgraph.run_ms_1000", "a run of that graph, ms of CPU", None),
    ("flat.ratio_10k", "a round at the end of a long loop to one at its beginning, ratio", 1.1),
    ("refold.memory_events_per_s", "events/s re-folded in memory", 500_000.0),
    ("refold.events_per_s", "events/s re-folded from the file with all checks", 300_000.0),
    ("verify.events_per_s", "events/s decided again and compared", None),
    ("waiting.bytes_each", "bytes of memory of a waiting execution", 2_048.0),
    ("waiting.restart_s", "restart with all that wait (100,000 at scale 1), s", 5.0),
    ("core.us_per_decision", "CPU µs per decision of the pure core", None),
    ("core.ratio", "the same in turns of a plain loop", None),
    ("engine.executions_per_s", "executions/s of the engine alone (no HTTP, no worker)", None),
    ("engine.us_per_decision", "µs per decision of the engine alone", None),
)
"""Key, what it is, and its target: at least for a rate, at most for all else."""
BUDGET_US = {"server": 120.0, "projector": 75.0, "worker": 40.0, "client": 16.0}
"""CPU µs per W1 execution in the prototype that the design was measured with."""


def ratios(figures: Figures, peers: Iterable[str]) -> Figures:
    """How many times better Refold is than each peer; above 1 is better, whatever the unit."""
    found: Figures = {}
    for peer in peers:
        for workload, rows in ROWS.items():
            row = next(row for row in rows if row.is_ratio)
            ours, theirs = figures.get(f"{workload}.{row.key}"), figures.get(f"{peer}.{workload}.{row.key}")
            if ours and theirs:
                found[f"{workload}.ratio_{peer}"] = ours / theirs if row.more else theirs / ours
    return found


Table = list[list[str]]


def workloads(figures: Figures, peers: list[str]) -> Table:
    """A line for each figure: Refold, the peers, the ratios with what they are to be."""
    table = [["", "", "Refold", *peers, *(f"× {peer}" for peer in peers)]]
    for workload in WORKLOADS:
        for row in ROWS[workload.name]:
            key = f"{workload.name}.{row.key}"
            if key not in figures:
                continue
            line = [workload.name.upper(), row.unit, shown(figures[key]), *(shown(figures.get(f"{peer}.{key}")) for peer in peers)]
            table.append(line + [_ratio(figures, workload.name, row, peer) for peer in peers])
    return table


def _ratio(figures: Figures, workload: str, row: Row, peer: str) -> str:
    value = figures.get(f"{workload}.ratio_{peer}") if row.is_ratio else None
    if value is None:
        return ""
    return f"{value:.1f}" + (f" (≥ {row.target:g})" if peer == "restate" and row.target else "")


def processes(figures: Figures) -> Table:
    """The CPU of each process in W1, for a thousand executions of ten activities, beside the budget."""
    table = [["process", "CPU ms for 1,000 executions", "µs for each", "budget, µs"]]
    for role, budget in BUDGET_US.items():
        each = figures.get(f"w1.cpu_ms.{role}")
        if each is not None:
            table.append([role, f"{each * 1e3:,.0f}", f"{each * 1e3:,.0f}", f"{budget:,.0f}"])
    total = figures.get("w1.cpu_ms_per_execution")
    if total is None:
        return []
    return [*table, ["all", f"{total * 1e3:,.0f}", f"{total * 1e3:,.0f}", f"{sum(BUDGET_US.values()):,.0f}"]]


EXPRESSIONS = {
    "condition": 8.0, "path": 1.5, "filter_50": 4.0, "map_50": 4.0, "render": 1.5, "compile": 1.0,
}  # fmt: skip
"""How many times faster than the library expressions are to be."""


def expressions(figures: Figures) -> Table:
    """CPU µs of expressions, beside the library that they were evaluated by before."""
    table = [["expressions, CPU µs", "library", "Refold", "× library"]]
    for key, title in titles().items():
        ours, library, ratio = (figures.get(f"expressions.{key}_{what}") for what in ("us", "library_us", "ratio"))
        if ours is not None and library is not None and ratio is not None:
            target = f" (≥ {EXPRESSIONS[key]:g})" if key in EXPRESSIONS else ""
            table.append([title, f"{library:.2f}", f"{ours:.2f}", f"{ratio:.1f}{target}"])
    return table


def others(figures: Figures) -> Table:
    """The figures that have no peer."""
    table = [["", "figure", "target"]]
    for key, title, target in OTHERS:
        if key in figures:
            sign = "≥" if key.endswith("per_s") else "≤"
            table.append([title, shown(figures[key]), f"{sign} {target:,g}" if target else ""])
    return table if len(table) > 1 else []


def shown(value: float | None) -> str:
    """A figure with as many digits as it deserves."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def printed(table: Table) -> Iterator[str]:
    """The lines of a table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def markdown(table: Table) -> Iterator[str]:
    """The lines of a table for a page."""
    head, *lines = table
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(line)} |" for line in lines)
