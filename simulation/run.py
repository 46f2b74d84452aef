"""Running plans: one, or many in several processes; what failed is made smaller and told."""

from __future__ import annotations

import gc
import hashlib
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from contracts.commands import Command, FailActivity, FireTimer, SendSignal
from domain.definition.graph import Graph
from domain.execution.decide import Decided, decide
from domain.execution.deciding import ReadBlob
from domain.execution.state import Execution
from simulation.checks import POISON
from simulation.plan import Plan, Traits, make_plan
from simulation.settling import Settling
from simulation.violation import Violation
from simulation.world import World
from workers.partition import decider, decision

COLLECT_EVERY: Final = 25
"""Recovery freezes what it has folded for the collector of garbage; after so many runs it is let go."""
BREAK: Final = (SendSignal, FireTimer, FailActivity)
"""What the poisoned execution cannot bear."""
MEMORY: Final = Path("/dev/shm")


class Outcome(NamedTuple):
    """How a run went: the rule that was broken, if any, and what was seen."""

    seed: int
    decisions: int
    fingerprint: str
    rule: str = ""
    message: str = ""
    trace: tuple[str, ...] = ()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for rows, in memory where there is such a place."""
    folder = Path(tempfile.mkdtemp(prefix="refold-simulation-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _changed(traits: Traits, is_mended: Callable[[], bool]) -> Iterator[None]:
    """What no setting of the engine changes: when histories are summed up, and a bug about one execution, until it is mended."""
    every = decider.ROLL_EVERY_EVENTS

    def broken(graph: Graph, state: Execution, command: Command, now: int, read_blob: ReadBlob) -> Decided:
        if state.execution == traits.poisoned and not state.is_ended and isinstance(command, BREAK) and not is_mended():
            raise RuntimeError(POISON)
        return decide(graph, state, command, now, read_blob)

    setattr(decider, "ROLL_EVERY_EVENTS", traits.roll_every)  # noqa: B010  # a constant to everybody else
    setattr(decision, "decide", broken)  # noqa: B010
    try:
        yield
    finally:
        setattr(decider, "ROLL_EVERY_EVENTS", every)  # noqa: B010
        setattr(decision, "decide", decide)  # noqa: B010


def run_plan(plan: Plan, folder: Path) -> Outcome:
    """Run a plan to its end, or to the first rule that does not hold."""
    world = World(plan, folder)
    rule = message = ""
    try:
        with _changed(plan.traits, lambda: world.behaviour.is_calm):
            world.run()
            Settling(world).run()
    except Violation as violation:
        rule, message = violation.rule, str(violation)
    except Exception as error:  # whatever escapes from the engine is a finding, too
        where = traceback.extract_tb(error.__traceback__)[-1]
        rule, message = f"nothing escapes: {type(error).__name__} in {where.name}", traceback.format_exc(limit=-8)
    finally:
        world.readers.close()
    trace = world.audit.trace
    fingerprint = hashlib.sha256("\n".join([*trace, rule]).encode()).hexdigest()[:16]
    return Outcome(plan.seed, world.audit.decisions, fingerprint, rule, message, tuple(trace))


def run_seeds(seeds: Iterable[int], folder: Path) -> Iterator[Outcome]:
    """Run the plans of many seeds, one after the other."""
    for count, seed in enumerate(seeds, 1):
        yield run_plan(make_plan(seed), folder)
        if count % COLLECT_EVERY == 0:
            gc.unfreeze()
            gc.collect()
