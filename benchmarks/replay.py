"""Replay beside the journal: what-if over recorded executions, verifying on several cores, going back in a long history; and migration.

An engine in this process makes the executions (sequences of ten `noop`) and a long one (a `repeat`); then it is closed, and the data
folder is read as `refold what-if`, `refold verify` and `refold walk` read it. In a folder of their own executions that wait behind ten
nodes are planned and rehearsed as `refold migrate` does, and then told to go on by another version, as fast as it goes. Seconds are as
one waits for them; CPU is that of this process and its children. `python -m benchmarks.replay [SCALE]` runs this and nothing else.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.what_if import MigrationAsked
from benchmarks.engine import run_sequences, sequence
from benchmarks.report import Figures, Table, shown
from contracts.commands import ChangeDefinition
from contracts.definitions import WorkflowDefinition
from domain.replay.walk import Walk
from infra.server.engine import Engine
from infra.server.planning import plan_corpus
from infra.server.reader_wiring import open_reader
from infra.server.rerunning import Wish, compare_corpus
from infra.server.verifying import Task, ends_of, verify
from infra.server.wiring import open_engine
from infra.settings.model import EngineSettings
from projections.definitions import active_of
from workers.partition.catalog import versions_in
from workers.partition.refolding import entries_of
from workers.partition.round import Answer, Reply

EXECUTIONS: Final = 100_000
COMPARED: Final = 10_000
EVENTS: Final = 100_000
EVENTS_OF_A_ROUND: Final = 4
AT_A_TIME: Final = 500
MOVES: Final = 400
"""So many moves back from each of three places."""
ROWS: Final = {
    "what_if_s": "what-if over the last tenth, one process: s",
    "what_if_cpu_s": "the same: s of CPU",
    "what_if_jobs_s": "the same on all cores: s",
    "verify_s": "verify everything, one process: s",
    "verify_jobs_s": "the same on all cores: s",
    "walk_load_s": "`walk` into the long history: s",
    "plan_cpu_s": "plan a migration of a tenth, which wait behind ten nodes: s of CPU",
    "rehearse_cpu_s": "plan and rehearse it: s of CPU",
    "change_cpu_s": "let each go on by the other version, each decision durable: s of CPU",
    "walk_back_ms": "one event back in it, the slowest of 1,200: ms of CPU",
}


def measure(folder: Path, scale: float) -> Figures:
    """A figure for each of ROWS."""
    executions, settings = round(EXECUTIONS * scale), EngineSettings(data=folder)
    with open_engine(settings) as engine:
        engine.publish(sequence("noop", 10))
        run_sequences(engine, executions, 500)
        engine.publish(_long(round(EVENTS * scale)))
        ended: list[object] = []
        long = engine.start("long", {})
        engine.owner.watchers.add(long, ended.append)
        engine.run_until(lambda: bool(ended))
    found: Figures = {"replay.executions": executions, "replay.events": round(EVENTS * scale)}
    migrated = _migrate(EngineSettings(data=folder.with_name(f"{folder.name}-open")), round(COMPARED * scale))
    for row, value in (*_what_if(settings, round(COMPARED * scale)), *_verify(settings), *_walk(settings, long), *migrated):
        found[f"replay.{row}"] = value
    return found


def _long(events: int) -> WorkflowDefinition:
    loop = {"times": max(1, events // EVENTS_OF_A_ROUND), "body": {"nodes": [{"id": "n", "type": "noop"}]}}
    return WorkflowDefinition.model_validate({"name": "long", "nodes": [{"id": "l", "type": "repeat", "config": loop}]})


def _what_if(settings: EngineSettings, last: int) -> Iterator[tuple[str, float]]:
    with open_reader(settings) as reader:
        version = active_of(versions_in(reader.catalog, "sequence"))
        wish = Wish(version.name, version.version, version.hash, version.content)

        def compare(jobs: int) -> None:
            found = compare_corpus(reader, settings, wish, "sequence", last, 0, jobs)
            assert len(found) == last, "all are compared"
            assert all(one.verdict == "unchanged" for one in found), "a version decides as it did"

        with _timed() as one:
            compare(1)
        with _timed() as many:
            compare(os.cpu_count() or 1)
    yield "what_if_s", one[0]
    yield "what_if_cpu_s", one[1]
    yield "what_if_jobs_s", many[0]


def _migrate(settings: EngineSettings, count: int) -> Iterator[tuple[str, float]]:
    names = [f"open-{number}" for number in range(count)]
    with open_engine(settings) as engine:
        engine.publish(_waiting())
        _told(engine, names, lambda name, reply: engine.start("waiting", {}, execution=name, reply=reply))
        before = active_of(versions_in(engine.catalog, "waiting")).hash
        engine.publish(_waiting("later"), activate=True)
    with open_reader(settings) as reader:
        version = active_of(versions_in(reader.catalog, "waiting"))
        for row, rehearses in (("plan_cpu_s", False), ("rehearse_cpu_s", True)):
            asked = MigrationAsked("waiting", version.version, version.hash, 1, (), rehearses, None, 0)
            with _timed() as took:
                found = plan_corpus(reader, asked)
            assert len(found) == count, "all are planned"
            assert all(one.readiness == "ready" for one in found), "each could go on"
            yield row, took[1]
    with open_engine(settings) as engine:
        change = ChangeDefinition(version.version, version.hash, before)
        engine.run_until(lambda: True)
        with _timed() as took:
            _told(engine, names, lambda name, reply: engine.send(name, change, reply))
        assert all(one.state.workflow_version == version.version for one in map(engine.owner.executions.get, names) if one is not None)
    yield "change_cpu_s", took[1]


def _told(engine: Engine, names: list[str], tell: Callable[[str, Reply], object]) -> None:
    """Tell each, some hundreds at a time, and wait until all have answered."""
    for at in range(0, len(names), AT_A_TIME):
        answers: list[Answer] = []
        few = names[at : at + AT_A_TIME]
        for name in few:
            tell(name, answers.append)
        engine.run_until(lambda few=few, answers=answers: len(answers) == len(few))  # type: ignore[misc]  # of this turn
        assert all(one.error is None for one in answers), "each does it"


def _waiting(*more: str) -> WorkflowDefinition:
    before = sequence("noop", 10, "waiting").model_dump(mode="json", exclude_unset=True)
    nodes = [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}, *({"id": one, "type": "noop"} for one in more)]
    edges = [{"from": "n9", "to": "wait"}, *({"from": "wait.received", "to": one} for one in more)]
    return WorkflowDefinition.model_validate(before | {"nodes": [*before["nodes"], *nodes], "edges": [*before["edges"], *edges]})


def _verify(settings: EngineSettings) -> Iterator[tuple[str, float]]:
    with open_reader(settings) as reader:
        task = Task(ends_of(reader))
        for row, jobs in (("verify_s", 1), ("verify_jobs_s", os.cpu_count() or 1)):
            with _timed() as took:
                assert not verify(reader, settings, task, jobs)[0].differences
            yield row, took[0]


def _walk(settings: EngineSettings, name: str) -> Iterator[tuple[str, float]]:
    with open_reader(settings) as reader:
        with _timed() as took:
            walk = Walk(list(entries_of(reader.log, 0, name)), reader.catalog.graph, reader.blobs.get)
        yield "walk_load_s", took[0]
        yield "walk_back_ms", max(_moves(walk)) * 1000


def _moves(walk: Walk) -> Iterator[float]:
    """Seconds of CPU for each move back."""
    for place in (walk.last, walk.last // 2, walk.last // 20):
        walk.go(place)
        for _ in range(min(MOVES, place - walk.first)):
            begin = time.process_time()
            walk.go(walk.version - 1)
            yield time.process_time() - begin


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Seconds, and seconds of CPU of this process and those that it waited for."""
    found = [time.perf_counter(), _cpu()]
    yield found
    found[:] = [time.perf_counter() - found[0], _cpu() - found[1]]


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def table(figures: Figures) -> Table:
    """The figures as a table."""
    lines = [[said, shown(figures[f"replay.{name}"])] for name, said in ROWS.items() if f"replay.{name}" in figures]
    head = f"{figures.get('replay.executions', 0):,.0f} executions of ten nodes, and one of {figures.get('replay.events', 0):,.0f} events"
    return [[head, ""], *lines]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for line in table(measure(Path(folder) / "replay", float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)):
            print("  ".join(line))
