"""Writes the tables of `docs/benchmarks.md` from the latest results: `python -m benchmarks.page`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.__main__ import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by `python -m benchmarks.page` -->", "<!-- until here -->"


def tables(figures: dict[str, Any]) -> Iterator[str]:
    """What stands between the marks."""
    machine, peers = figures["machine"], figures["peers"]
    made = f"{figures['date']}, at `--scale {figures['scale']:g} --repeat {figures['repeat']}`"
    on = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}"
    disk = f"writing 4 KB with fdatasync took {machine['fsync_us']} µs, and the load was {machine['load']:g} before it began"
    beside = "".join(f" {name.capitalize()}: {said}." for name, said in peers.items())
    yield f"{made}, on {on}; {disk}.{beside}"
    for table in (report.workloads(figures, list(peers)), report.processes(figures), report.others(figures)):
        if len(table) > 1:
            yield ""
            yield from report.markdown(table)


def written(page: str, figures: dict[str, Any]) -> str:
    """The page with new tables. Raises ValueError where it has no marks."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"expected a line {BEGIN} and a line {END}")
    content = "\n".join((BEGIN, "", *tables(figures), "", END))
    return pattern.sub(lambda _: content, page)


def main() -> None:
    PAGE.write_text(written(PAGE.read_text(), json.loads(RESULTS.read_text())))


if __name__ == "__main__":
    main()
