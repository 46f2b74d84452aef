"""What a decision costs in the pure core, as a ratio to a loop of plain Python in the same run.

The core: `decide` (which evolves the state), `encode_decision` with its digest, `react`, for every decision of a sequence of ten.
The loop does what such a core is made of: structs, dicts, method calls, msgpack, a hash. So it grows with the interpreter's
and the machine's speed as the core does, and their ratio stays. Both are taken in turn, as CPU time of this process, and the
least of many short pieces counts: what another process disturbs is in none of the least.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from benchmarks.engine import sequence
from benchmarks.steps import payload
from contracts.codec import encode_decision
from contracts.commands import Command, CompleteActivity, CreateExecution
from contracts.journal import Decision, Source
from domain.definition.compile import compile_definition
from domain.execution.decide import decide
from domain.execution.evolve import initial
from domain.execution.react import react

STEPS = 10
EXECUTIONS = 10
"""In one piece: a millisecond, so that most pieces are not interrupted."""
TURNS = 10
"""Of the loop for each decision, so that both pieces take about as long."""
PIECES = 150


@dataclass(frozen=True, kw_only=True)
class CoreCost:
    """CPU µs per decision of the core and per turn of the loop, the least of all pieces."""

    decision_us: float
    turn_us: float

    @property
    def ratio(self) -> float:
        """How many turns of the loop a decision costs."""
        return self.decision_us / self.turn_us


def measure(pieces: int = PIECES, straight: bool = True) -> CoreCost:
    """Take both in turn, so many times; not `straight`: the way that decisions take where there is more to ask."""
    core, loop = core_piece(straight), loop_piece()
    core()
    loop()
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()  # a full collection would count what else the process keeps
    try:
        times = [(_cpu_s(core), _cpu_s(loop)) for _ in range(pieces)]
    finally:
        if was_enabled:
            gc.enable()
    decisions = EXECUTIONS * (STEPS + 1)
    return CoreCost(
        decision_us=min(core_s for core_s, _ in times) / decisions * 1e6,
        turn_us=min(loop_s for _, loop_s in times) / (decisions * TURNS) * 1e6,
    )


def calls(straight: bool = True) -> float:
    """How many functions, of Python and of C, a decision calls: the same on any machine, however busy it is."""
    core = core_piece(straight)
    core()  # what is made once is made
    counted = 0

    def count(_frame: object, event: str, _called: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        core()
    finally:
        sys.setprofile(before)
    return counted / (EXECUTIONS * (STEPS + 1))


def _cpu_s(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def core_piece(straight: bool = True) -> Callable[[], None]:
    """Sequences of ten from their start to their end, with a fresh payload in each step."""
    graph = compile_definition(sequence("step", STEPS), "h", 1)
    for node in graph.nodes:
        node.following = node.following if straight else None
    nonce = b"n" * 16
    given = msgspec.json.encode(payload())
    commands: list[Command] = [CreateExecution("sequence", 1, "h", given)]
    commands += [CompleteActivity(f"n{index}", 1, msgspec.json.encode(payload())) for index in range(STEPS)]

    def piece() -> None:
        for number in range(EXECUTIONS):
            state = initial(str(number))
            for place, command in enumerate(commands):
                events = tuple(decide(graph, state, command, 1).events)
                decision = Decision(Source(0, place), state.execution, state.version - len(events) + 1, 1, command, events)
                _, state.digest = encode_decision(decision, nonce, state.digest)
                react(graph, state, decision)
        assert state.is_ended

    return piece


class _Fact(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    path: str
    attempt: int
    body: bytes


class _Counts:
    """A little state that facts change."""

    def __init__(self) -> None:
        self.open: dict[str, list[int]] = {}
        self.version = 0

    def begin(self, fact: _Fact) -> None:
        self.version += 1
        self.open[fact.path] = [fact.attempt, self.version]

    def end(self, fact: _Fact) -> int:
        self.version += 1
        attempt, since = self.open.pop(fact.path)
        return self.version - since if attempt == fact.attempt else 0


def loop_piece() -> Callable[[], None]:
    """`TURNS` of the loop for each decision of a core's piece. Never change it: what is recorded refers to it."""
    encode = msgspec.msgpack.Encoder().encode
    body = os.urandom(100).hex().encode()

    def piece() -> None:
        for _ in range(EXECUTIONS * TURNS):
            counts = _Counts()
            for number in range(STEPS + 1):
                fact = _Fact(f"n{number}", 1, body)
                counts.begin(fact)
                counts.end(_Fact(fact.path, fact.attempt, b""))
                hashlib.sha256(encode((counts.version, fact))).digest()

    return piece


if __name__ == "__main__":
    for straight in (True, False):
        cost = measure(straight=straight)
        way = "straight" if straight else "the long way"
        print(f"{cost.decision_us:.2f} µs per decision {way}, {cost.turn_us:.2f} µs per turn of the loop: {cost.ratio:.2f}")
