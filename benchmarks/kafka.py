"""Refold on Kafka beside its peers: which set-ups take part, their tables, and where their figures are kept.

Every run is one set-up of brokers, engines and partitions, measured with a worker over HTTP and with one on the log, in turn
with the peers. Its figures go to `benchmarks/results/kafka.json`, beside those of other set-ups.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import report, takeover
from benchmarks.kafka_server import WORKERS, KafkaServer, Setup
from benchmarks.report import Figures, Row, Table, shown
from benchmarks.workloads import WORKLOADS

RESULTS = Path(__file__).parent / "results" / "kafka.json"
SYSTEMS = tuple(f"kafka-{worker}" for worker in WORKERS)
TITLES = {"kafka-http": "worker over HTTP", "kafka-log": "worker on the log"}
TARGETS = {"w1": 2.0, "w3": 1 / 1.5}
"""How many times better than Restate it is to be: throughput, and the inverse of the time."""
PROCESSES = ("server", "projector", "worker", "broker", "client")
TAKEOVER = "takeover"
TAKEOVERS = "takeovers: 1 broker, 2 engines, 2 partitions"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A set-up, but for how its worker comes."""

    brokers: int
    engines: int
    partitions: int
    flush: bool | None
    """Whether the brokers write the journal to disk before they answer; None: as `refold kafka init` sets it."""

    def setup(self, worker: str) -> Setup:
        """With a worker over `http`, or on the `log`."""
        return Setup(worker=worker, brokers=self.brokers, engines=self.engines, partitions=self.partitions, flush=self.flush)

    @property
    def name(self) -> str:
        """What its figures are kept under. What is as `refold kafka init` sets it is not said: one broker flushes its journal."""
        said = [_count(self.brokers, "broker"), _count(self.engines, "engine"), _count(self.partitions, "partition")]
        if self.flush is not None and self.flush != (self.brokers == 1):
            said.append("the journal flushed" if self.flush else "the journal not flushed")
        return ", ".join(said)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a run on Kafka."""
    parser.add_argument("--kafka", action="store_true", help="measure Refold on Kafka, on brokers of its own")
    parser.add_argument("--brokers", type=int, default=1, choices=(1, 3), help="how many brokers (1)")
    parser.add_argument("--engines", type=int, default=1, help="how many engine processes (1)")
    parser.add_argument("--partitions", type=int, default=1, help="how many partitions (1)")
    parser.add_argument(
        "--flush", action=argparse.BooleanOptionalAction, help="whether the brokers write the journal to disk before they answer"
    )


def wanted(arguments: argparse.Namespace) -> Wanted:
    """What was asked for."""
    return Wanted(brokers=arguments.brokers, engines=arguments.engines, partitions=arguments.partitions, flush=arguments.flush)


def maker(system: str, arguments: argparse.Namespace) -> partial[KafkaServer]:
    """Makes a system of SYSTEMS in a folder."""
    return partial(KafkaServer, setup=wanted(arguments).setup(system.removeprefix("kafka-")))


# Tables.


def workloads(figures: Figures, peers: list[str]) -> Table:
    """A line for each figure: the two workers, the peers, and the ratios with what they are to be."""
    ratios = [(system, peer) for peer in peers for system in SYSTEMS]
    table = [["", "", *TITLES.values(), *peers, *(f"{system.removeprefix('kafka-')} × {peer}" for system, peer in ratios)]]
    for workload in WORKLOADS:
        for row in report.ROWS[workload.name]:
            key = f"{workload.name}.{row.key}"
            if f"{SYSTEMS[0]}.{key}" in figures:
                cells = [shown(figures.get(f"{system}.{key}")) for system in (*SYSTEMS, *peers)]
                table.append([workload.name.upper(), row.unit, *cells, *(_ratio(figures, workload.name, row, *pair) for pair in ratios)])
    return table


def _ratio(figures: Figures, workload: str, row: Row, system: str, peer: str) -> str:
    ours, theirs = figures.get(f"{system}.{workload}.{row.key}"), figures.get(f"{peer}.{workload}.{row.key}")
    if not row.is_ratio or not ours or not theirs:
        return ""
    target = TARGETS.get(workload) if peer == "restate" else None
    return f"{ours / theirs if row.more else theirs / ours:.2f}" + (f" (≥ {target:.2f})" if target else "")


def processes(figures: Figures) -> Table:
    """CPU of each process, for an execution of W1 and of W3."""
    table = [["µs of CPU for each execution", *PROCESSES, "all"]]
    for workload in ("w1", "w3"):
        for system in SYSTEMS:
            keys = [f"{system}.{workload}.cpu_ms.{process}" for process in PROCESSES] + [f"{system}.{workload}.cpu_ms_per_execution"]
            if keys[0] in figures:
                table.append([f"{workload.upper()}, {TITLES[system]}", *(f"{figures[key] * 1e3:,.0f}" for key in keys)])
    return table


def setups(stored: dict[str, Figures]) -> Table:
    """All set-ups beside each other."""
    head = ["", "W1, executions/s", "executions per CPU second", "W3, ms, p50"]
    table = [head]
    for name, figures in stored.items():
        for system in SYSTEMS:
            each = figures.get(f"{system}.w1.cpu_ms_per_execution")
            if each:
                rate, p50 = figures.get(f"{system}.w1.executions_per_s"), figures.get(f"{system}.w3.p50_ms")
                table.append([f"{name}; {TITLES[system]}", shown(rate), shown(1e3 / each), shown(p50)])
    return table


def tables(figures: Figures, peers: list[str]) -> Iterator[Table]:
    """What is shown of one run."""
    yield from (workloads(figures, peers), processes(figures), takeover.table(figures))


# Keeping figures.


def store(arguments: argparse.Namespace, figures: Figures, about: dict[str, Any]) -> None:
    """Put the figures of a set-up beside those of others, in place of what it had: what is said about a run is true of all of it.

    Takeovers have a set-up of their own.
    """
    stored: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    rounded = {key: round(value, 4) for key, value in figures.items()}
    takeovers = {key: value for key, value in rounded.items() if key.startswith(f"{TAKEOVER}.")}
    others = {key: value for key, value in rounded.items() if key not in takeovers}
    for name, found in ((wanted(arguments).name, others), (TAKEOVERS, takeovers)):
        if found:
            stored[name] = found | about
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(stored, indent=2) + "\n")
