"""`python -m benchmarks`: measures, prints tables, writes `benchmarks/results/latest.json`. See `docs/benchmarks.md`."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import (
    engine,
    expressions,
    histories,
    kafka,
    library,
    projector,
    replay,
    report,
    served,
    start,
    state_graph,
    streams,
    takeover,
)
from benchmarks.machine import machine, version
from benchmarks.peers import NAMES, missing
from benchmarks.refold_server import RefoldServer
from benchmarks.restate_server import RestateServer
from benchmarks.served import Served
from benchmarks.workloads import WORKLOADS, Workload, chosen

RESULTS = Path(__file__).parent / "results" / "latest.json"
ALONE = ("start", "engine", "projector", "expressions", "streams", "histories", "replay", "langgraph")
"""What is measured of Refold only."""
Figures = dict[str, float]


def _list_of(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        if unknown := sorted(set(names) - set(known)):
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}; found {', '.join(unknown)}")
        return names

    return parse


def _arguments() -> argparse.Namespace:
    names = (*(workload.name for workload in WORKLOADS), *ALONE, kafka.TAKEOVER)
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Refold, alone or beside its peers.")
    parser.add_argument("--only", type=_list_of(names), default=list(names), metavar="W1,…", help=f"some of {', '.join(names)}")
    parser.add_argument("--scale", type=float, default=1.0, help="fewer (0.1) or more (2) executions")
    parser.add_argument("--repeat", type=int, default=1, help="how often; the figures are medians")
    kafka.add_options(parser)
    parser.add_argument("--against", type=_list_of(NAMES), default=[], metavar="PEER,…", help=f"beside some of {', '.join(NAMES)}")
    arguments = parser.parse_args()
    if arguments.scale <= 0 or arguments.repeat < 1:
        parser.error("expected a --scale above 0 and a --repeat of at least 1")
    return arguments


SERVED: dict[str, Callable[[Path], Served]] = {"refold": RefoldServer, "restate": RestateServer}


def measure(system: str, arguments: argparse.Namespace, folder: Path, workload: Workload) -> Figures:
    """One workload on one system, on a fresh folder and with fresh processes."""
    if system in SERVED or system in kafka.SYSTEMS:
        make = SERVED[system] if system in SERVED else kafka.maker(system, arguments)
        found: Figures | None = served.measure(make, folder, workload)
    else:
        found = library.measure(system, folder, workload)
    prefix = "" if system == "refold" else f"{system}."
    return {f"{prefix}{workload.name}.{key}": value for key, value in (found or {}).items()}


def measure_all(arguments: argparse.Namespace, peers: list[str], root: Path) -> Figures:
    """The medians of all that was asked for. Systems take turns: A B A B."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for turn in range(1, arguments.repeat + 1):
        for title, work in _works(arguments, peers):
            print(f"{turn}/{arguments.repeat} {title}", end=" … ", flush=True)
            figures = _fresh(root / "now", work)
            print(
                "  ".join(f"{key.rpartition('.')[2]} {report.shown(value)}" for key, value in list(figures.items())[:4]) or "not measured"
            )
            for key, value in figures.items():
                taken[key].append(value)
    return {key: statistics.median(values) for key, values in taken.items()}


Work = Callable[[Path], Figures]


def _works(arguments: argparse.Namespace, peers: list[str]) -> Iterator[tuple[str, Work]]:
    """All that is measured in one turn."""
    for workload in _workloads(arguments):
        for system in (*(kafka.SYSTEMS if arguments.kafka else ("refold",)), *peers):
            yield f"{workload.name} {system}", partial(measure, system, arguments, workload=workload)
    if arguments.kafka:
        if kafka.TAKEOVER in arguments.only:
            yield kafka.TAKEOVER, partial(takeover.measure, scale=arguments.scale)
        return
    if "start" in arguments.only:
        yield "start", start.measure
    if "engine" in arguments.only:
        yield "engine", partial(engine.main, scale=arguments.scale)
    if "expressions" in arguments.only:
        yield "expressions", lambda _: expressions.measure(arguments.scale)
    if "streams" in arguments.only:
        yield "streams", partial(streams.measure, scale=0.6 * arguments.scale)
    if "histories" in arguments.only:
        yield "histories", partial(histories.measure, scale=arguments.scale)
    if "replay" in arguments.only:
        yield "replay", partial(replay.measure, scale=arguments.scale)
    if "langgraph" in arguments.only:
        yield "langgraph", lambda _: state_graph.measure()
    if "projector" in arguments.only:
        yield "projector", partial(projector.bench_projector, executions=max(int(5_000 * arguments.scale), 500))


def _workloads(arguments: argparse.Namespace) -> list[Workload]:
    names = [name for name in arguments.only if name not in (*ALONE, kafka.TAKEOVER)]
    return chosen(names, arguments.scale) if names else []


def _fresh(folder: Path, work: Work) -> Figures:
    """Measure on a folder that is made for it and removed afterwards."""
    try:
        return work(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def installed(asked: list[str]) -> list[str]:
    """The peers that are there; a line for each that is not."""
    for name in asked:
        if reason := missing(name):
            print(reason)
    return [name for name in asked if not missing(name)]


def show(tables: Iterable[report.Table], workloads: list[Workload]) -> None:
    """Print the tables."""
    print("\n".join(["", *(f"  {workload}" for workload in workloads)]))
    for table in tables:
        if len(table) > 1:
            print()
            print("\n".join(report.printed(table)))


def main() -> None:
    if sys.argv[1:2] == ["ui"]:
        from benchmarks.web_ui.main import main as of_the_ui  # the only one that needs a browser

        of_the_ui(sys.argv[2:])
        return
    arguments = _arguments()
    peers = installed(arguments.against)
    about = {"machine": machine(), "peers": {name: version(name) for name in peers}}
    root = Path(tempfile.mkdtemp(prefix="refold-bench-", dir=os.environ.get("REFOLD_BENCH_DIR")))
    try:
        figures = measure_all(arguments, peers, root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    made = {"date": datetime.date.today().isoformat(), "scale": arguments.scale, "repeat": arguments.repeat}
    if arguments.kafka:
        kafka.store(arguments, figures, made | about)
        show(kafka.tables(figures, peers), _workloads(arguments))
        return
    figures |= report.ratios(figures, peers)
    tables = (
        report.workloads(figures, peers),
        report.processes(figures),
        report.expressions(figures),
        report.others(figures),
        streams.table(figures),
        histories.table(figures),
        replay.table(figures),
    )
    show(tables, _workloads(arguments))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**{key: round(value, 4) for key, value in figures.items()}, **made, **about}, indent=2) + "\n")
    print(f"\n{RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}")


if __name__ == "__main__":
    main()
