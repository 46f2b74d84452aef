"""Writes the tables of `docs/benchmarks.md` from the latest results, embedded and on Kafka: `python -m benchmarks.page`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import kafka, report, takeover
from benchmarks.__main__ import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by `python -m benchmarks.page` -->", "<!-- until here -->"
BEGIN_KAFKA = "<!-- on Kafka, written by `python -m benchmarks.page` -->"


def tables(figures: dict[str, Any]) -> Iterator[str]:
    """What stands between the marks."""
    peers = list(figures["peers"])
    shown = (report.workloads(figures, peers), report.processes(figures), report.expressions(figures), report.others(figures))
    yield from _tables(figures, shown)


def kafka_tables(stored: dict[str, Any]) -> Iterator[str]:
    """The same for Kafka: the set-ups that were measured beside a peer or for takeovers, and all of them beside each other."""
    for name, figures in stored.items():
        shown = [table for table in kafka.tables(figures, list(figures["peers"])) if len(table) > 1]
        if figures["peers"] or takeover.table(figures):
            yield from ("", f"**{name[0].upper()}{name[1:]}.**", "")
            yield from _tables(figures, shown)
    yield ""
    yield from report.markdown(kafka.setups(stored))


def _tables(figures: dict[str, Any], shown: Iterable[report.Table]) -> Iterator[str]:
    machine, peers = figures["machine"], figures["peers"]
    made = f"{figures['date']}, at `--scale {figures['scale']:g} --repeat {figures['repeat']}`"
    on = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}"
    disk = f"writing 4 KB with fdatasync took {machine['fsync_us']} µs, and the load was {machine['load']:g} before it began"
    beside = "".join(f" {name.capitalize()}: {said}." for name, said in peers.items())
    yield f"{made}, on {on}; {disk}.{beside}"
    for table in shown:
        if len(table) > 1:
            yield ""
            yield from report.markdown(table)


def written(page: str, figures: dict[str, Any]) -> str:
    """The page with new tables. Raises ValueError where it has no marks."""
    return _between(page, BEGIN, tables(figures))


def written_kafka(page: str, stored: dict[str, Any]) -> str:
    """The page with new tables about Kafka. Raises ValueError where it has no marks."""
    return _between(page, BEGIN_KAFKA, kafka_tables(stored))


def _between(page: str, begin: str, lines: Iterable[str]) -> str:
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"expected a line {begin} and a line {END}")
    content = "\n".join((begin, "", *lines, "", END))
    return pattern.sub(lambda _: content, page)


def main() -> None:
    """Write what there are results of."""
    for results, write in ((RESULTS, written), (kafka.RESULTS, written_kafka)):
        if results.exists():
            PAGE.write_text(write(PAGE.read_text(), json.loads(results.read_text())))


if __name__ == "__main__":
    main()
