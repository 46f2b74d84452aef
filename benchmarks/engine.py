"""The engine alone, in one process: sequences of ten `noop`, every decision fsynced; and what folding, verifying and waiting cost.

No HTTP and no worker process take part: these figures are the budget of the hot path, not the product's speed.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from contracts import codec
from contracts.codec import pack
from contracts.commands import Command, CompleteActivity, CreateExecution
from contracts.definitions import WorkflowDefinition
from contracts.journal import Checkpoint
from domain.definition.compile import compile_definition
from domain.execution.decide import decide
from domain.execution.evolve import initial
from domain.execution.history import read_entries
from domain.replay.verify import Verifier
from infra.server.engine import Engine
from infra.server.garbage import look_rarely
from infra.server.reader_wiring import open_reader
from infra.server.wiring import open_engine
from infra.settings.model import EngineSettings
from workers.partition import decision as decision_module

Clock: TypeAlias = Callable[[], float]
STAGES = ("decide + evolve", "encode + digest", "react", "append (with fsync)", "worker", "starts", "the rest of the round")
BUDGET = dict(zip(STAGES, (3.2, 1.0, 0.25, 4.1, 0.75, 1.2, 1.6), strict=True))
"""µs per step of the prototype that the design was measured with; its starts came over HTTP."""


def sequence(kind: str, length: int, name: str = "sequence") -> WorkflowDefinition:
    nodes = [{"id": f"n{index}", "type": kind} for index in range(length)]
    edges = [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(length - 1)]
    return WorkflowDefinition.model_validate({"name": name, "nodes": nodes, "edges": edges})


class Stages:
    """Adds up the time spent in functions that are wrapped for the length of a run, less what the clocks themselves take."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._inside: defaultdict[str, float] = defaultdict(float)
        self._outside = 0.0
        """What the clocks have taken: within what they show, by stage, and around it."""
        self._wrapped: list[tuple[Any, str, Any]] = []

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        # CPU time, but for what waits for the disk: other processes then count in the rest of the round only.
        clock = time.perf_counter if name == "append" else time.process_time
        original = getattr(owner, name)
        self._wrapped.append((owner, name, original))
        setattr(owner, name, self._timed(original, stage, clock, *_cost_of(clock)))

    def unwrap(self) -> None:
        """Put everything back as it was."""
        while self._wrapped:
            setattr(*self._wrapped.pop())

    def by_stage(self, total: float) -> dict[str, float]:
        """Seconds by stage, of so many in all."""
        found = {stage: seconds - self._inside[stage] for stage, seconds in self._seconds.items()}
        return {**found, STAGES[-1]: total - sum(self._seconds.values()) - self._outside}

    def _timed(self, original: Callable[..., Any], stage: str, clock: Clock, inside: float, outside: float) -> Callable[..., Any]:
        seconds = self._seconds

        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = clock()
            try:
                return original(*args, **kwargs)
            finally:
                seconds[stage] += clock() - begin
                self._inside[stage] += inside
                self._outside += outside

        return timed


@cache
def _cost_of(clock: Clock, rounds: int = 1_000) -> tuple[float, float]:
    """What a clock adds to a call, within what it shows and around it: the least of many series, against plain calls."""
    stages = Stages()
    timed = stages._timed(str, "", clock, 0.0, 0.0)
    shown = both = plain = 1.0
    for _ in range(50):
        stages._seconds.clear()
        both = min(both, _seconds_of(timed, rounds))
        shown = min(shown, stages._seconds[""])
        plain = min(plain, _seconds_of(str, rounds))
    return (shown - plain) / rounds, (both - shown) / rounds


def _seconds_of(work: Callable[[], object], rounds: int) -> float:
    begin = time.perf_counter()
    for _ in range(rounds):
        work()
    return time.perf_counter() - begin


def run_sequences(engine: Engine, total: int, outstanding: int) -> float:
    """Seconds for so many executions of a sequence of ten, so many at a time."""
    started = ended = 0

    def start() -> None:
        nonlocal started
        started += 1
        execution = engine.start("sequence", {"payload": os.urandom(90).hex()})
        engine.owner.watchers.add(execution, on_end)

    def on_end(_: Any) -> None:
        nonlocal ended
        ended += 1
        if started < total:
            start()

    begin = time.perf_counter()
    for _ in range(outstanding):
        start()
    engine.run_until(lambda: ended >= total)
    return time.perf_counter() - begin


def bench_sequences(folder: Path, total: int = 10_000, outstanding: int = 100) -> dict[str, float]:
    """Executions per second, µs per decision, bytes per execution; then a second, shorter run by stage."""
    with open_engine(EngineSettings(data=folder)) as engine:
        engine.publish(sequence("noop", 10))
        run_sequences(engine, 500, outstanding)
        seconds = run_sequences(engine, total, outstanding)
        decisions = total * 11
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"\n{total:,} executions of ten noop, {outstanding} at a time, every decision fsynced")
        each = f"{seconds / decisions * 1e6:.1f} µs per decision, {size / (total + 500):,.0f} bytes each (random input)"
        print(f"  {total / seconds:,.0f} executions/s, {each}")
        by_stage(engine, max(total // 4, 100), outstanding)
    return {"engine.executions_per_s": total / seconds, "engine.us_per_decision": seconds / decisions * 1e6}


def by_stage(engine: Engine, total: int, outstanding: int) -> None:
    """The same with a clock around each stage, beside the prototype's budget."""
    stages = Stages()
    stages.wrap(decision_module, "decide", "decide + evolve")
    stages.wrap(decision_module, "react", "react")
    stages.wrap(codec, "encode_decision", "encode + digest")
    stages.wrap(engine.owner._log, "append", "append (with fsync)")
    stages.wrap(engine.worker, "step", "worker")
    stages.wrap(engine.worker, "run", "worker")
    stages.wrap(engine, "start", "starts")
    seconds = run_sequences(engine, total, outstanding)
    stages.unwrap()
    steps = total * 10
    found = stages.by_stage(seconds)
    print(f"  {'stage':<24}{'µs per step':>12}{'budget':>10}")
    for stage in STAGES:
        print(f"  {stage:<24}{found[stage] / steps * 1e6:>12.2f}{BUDGET[stage]:>10.2f}")


def bench_replay(folder: Path) -> dict[str, float]:
    """Events per second: folding from the file with all checks, and deciding everything again."""
    from infra.files.snapshots import MemorySnapshots
    from workers.partition.recovery import recover

    with open_reader(EngineSettings(data=folder)) as reader:
        begin = time.perf_counter()
        recovered = recover(reader.log, 0, reader.catalog, MemorySnapshots(), 20_000)
        refold = recovered.events / (time.perf_counter() - begin)
        verifier = Verifier(reader.catalog.graph, reader.blobs.get)
        begin = time.perf_counter()
        verifier.run(read_entries(reader.log.read("journal", 0), Checkpoint()))
        verify = verifier.events / (time.perf_counter() - begin)
        assert not verifier.divergences
    memory = fold_rate()
    print(f"  re-fold {memory:,.0f} events/s in memory, {refold:,.0f} from the file with all checks; verify {verify:,.0f}")
    return {"refold.memory_events_per_s": memory, "refold.events_per_s": refold, "verify.events_per_s": verify}


def fold_rate(executions: int = 3_000) -> float:
    """Events per CPU second of `fold` alone, over decisions that are in memory."""
    from contracts.journal import Decision, Source
    from domain.execution.evolve import fold

    graph = compile_definition(sequence("noop", 10), "h", 1)
    histories = []
    for number in range(executions):
        state, decisions = initial(str(number)), []
        command: Command = CreateExecution("sequence", 1, "h", b"{}")
        for step in range(11):
            events = decide(graph, state, command, 1).events
            decisions.append(Decision(Source(0, step), str(number), state.version - len(events) + 1, 1, command, tuple(events)))
            command = CompleteActivity(f"n{step}", 1, b"{}")
        histories.append(decisions)
    times = []
    for _ in range(3):
        begin = time.process_time()
        folded = sum(fold(graph, initial("x"), decisions).version for decisions in histories)
        times.append(time.process_time() - begin)
    return folded / min(times)


def bench_core() -> dict[str, float]:
    """CPU µs per decision of the pure core, and how many turns of a plain loop that is."""
    from benchmarks.core import measure

    cost = measure()
    print(f"  the pure core: {cost.decision_us:.1f} µs of CPU per decision, {cost.ratio:.1f} turns of the reference loop")
    return {"core.us_per_decision": cost.decision_us, "core.ratio": cost.ratio}


def bench_compile() -> dict[str, float]:
    """CPU milliseconds to compile definitions with an expression a node: CEL left for later, and checked as at publish."""
    figures = {}
    salt = int.from_bytes(os.urandom(4), "big")  # programs are kept by their source: those of another turn must not help
    for count in (100, 1_000, 10_000):
        nodes: list[dict[str, Any]] = [{"id": "n0", "type": "noop"}]
        nodes += [
            {
                "id": f"n{i}",
                "type": "transform",
                "config": {"operation": "value", "value": f"{{{{ nodes.n{i - 1}.output.a + {salt + i} }}}}"},
            }
            for i in range(1, count)
        ]
        edges = [{"from": f"n{index}", "to": f"n{index + 1}"} for index in range(count - 1)]
        definition = WorkflowDefinition.model_validate({"name": "big", "nodes": nodes, "edges": edges})
        begin = time.process_time()
        graph = compile_definition(definition)
        lazy = (time.process_time() - begin) * 1e3
        for node in graph.nodes:
            for field in node.fields.values():
                field.check()
        checked = (time.process_time() - begin) * 1e3
        print(f"  compile {count:>6,} nodes with as many expressions: {lazy:7.1f} ms, {checked:7.1f} with every expression checked")
        figures[f"compile.ms_{count}"] = checked
    return figures


def bench_loop(folder: Path, rounds: int = 10_000) -> dict[str, float]:
    """Whether a step costs the same CPU time at the end of a long loop as at its beginning."""
    body = {"nodes": [{"id": "n", "type": "noop"}]}
    loop = {"id": "l", "type": "while", "config": {"condition": "iteration.index < input.rounds", "max_iterations": rounds, "body": body}}
    pace = Pace()
    with open_engine(EngineSettings(data=folder)) as engine:
        engine.publish(WorkflowDefinition.model_validate({"name": "loop", "nodes": [loop]}))
        engine.owner.hearers.add(lambda base, made: pace.note())
        ended: list[Any] = []
        engine.owner.watchers.add(engine.start("loop", {"rounds": rounds}), ended.append)
        engine.run_until(lambda: bool(ended))
    ratio = pace.cost(-1_000, None) / pace.cost(100, 1_100)
    print(f"  {rounds:,} rounds of a while loop: the last thousand cost {ratio:.2f} × the first thousand")
    return {"flat.ratio_10k": ratio}


class Pace:
    """The CPU time of steps, measured in turns of a plain loop that runs among them: so a machine that slows down does not count."""

    EVERY = 20

    def __init__(self) -> None:
        from benchmarks.core import loop_piece

        self._loop = loop_piece()
        self._resumed = time.process_time()
        self._steps: list[float] = []
        self._pieces: list[float] = []

    def note(self) -> None:
        """A step has ended."""
        self._steps.append(time.process_time() - self._resumed)
        if len(self._steps) % self.EVERY == 0:
            began = time.process_time()
            self._loop()
            self._pieces.append(time.process_time() - began)
        self._resumed = time.process_time()

    def cost(self, first: int, last: int | None) -> float:
        """What the steps of a stretch cost. The quick ones count, of both: the others were disturbed."""
        places = slice(first // self.EVERY, None if last is None else last // self.EVERY)
        return _quick(self._steps[first:last]) / _quick(self._pieces[places])


def _quick(times: list[float]) -> float:
    return sorted(times)[len(times) // 10]


def bench_waiting(folder: Path, count: int = 100_000) -> dict[str, float]:
    """Memory and restart time of executions that wait for a signal, in the middle of ten nodes."""
    nodes: list[dict[str, Any]] = [{"id": f"n{index}", "type": "noop"} for index in range(9)]
    nodes.insert(5, {"id": "wait", "type": "wait_signal", "config": {"name": "go"}})
    names = [node["id"] for node in nodes]
    edges = [{"from": f"{a}.received" if a == "wait" else a, "to": b} for a, b in pairwise(names)]
    definition = WorkflowDefinition.model_validate({"name": "waiting", "nodes": nodes, "edges": edges})
    with open_engine(EngineSettings(data=folder)) as engine:
        engine.publish(definition)
        before = resident_bytes()
        for begin in range(0, count, 5_000):
            for _ in range(min(5_000, count - begin)):
                engine.start("waiting", {"payload": os.urandom(90).hex()})
            while engine.step():
                pass
        each = (resident_bytes() - before) / count
    begin_time = time.perf_counter()
    with open_engine(EngineSettings(data=folder)) as engine:
        from_snapshot = time.perf_counter() - begin_time
        assert len(engine.owner.executions) == count
        state = next(iter(engine.owner.executions.open())).state
    shutil.rmtree(folder / "snapshots")
    begin_time = time.perf_counter()
    with open_engine(EngineSettings(data=folder)):
        from_log = time.perf_counter() - begin_time
    print(f"  {count:,} waiting: {each:,.0f} bytes of memory each ({len(pack(state))} packed)", end="")
    print(f", restarted in {from_log:.1f} s from the log, {from_snapshot:.1f} s from a snapshot")
    return {"waiting.bytes_each": each, "waiting.restart_s": from_log}


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def main(root: Path, scale: float = 1.0) -> dict[str, float]:
    """All of it, in folders below one."""
    look_rarely()
    figures: dict[str, float] = {}
    figures |= bench_sequences(root / "sequences", max(int(10_000 * scale), 200))
    figures |= bench_replay(root / "sequences")
    figures |= bench_core()
    figures |= bench_compile()
    figures |= bench_loop(root / "loop", max(int(10_000 * scale), 2_500))
    figures |= bench_waiting(root / "waiting", max(int(100_000 * scale), 1_000))
    return figures
