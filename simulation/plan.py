"""The plan of a simulation: which workflows run, what clients ask for and when, and what goes wrong and when.

A seed gives a plan, and a plan alone says how a run goes. So a plan can be made smaller, kept as JSON and run again.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import msgspec

from domain.definition.validate import check
from domain.execution.breaker import breaker_id
from simulation.chance import Chance
from simulation.definitions import PEOPLE, SIGNALS, write_definition
from simulation.triggers import add_triggers

START_MS: Final = 1_000_000_000
"""When every run begins."""
TICKS_DEFAULT: Final = 200
BREAKER_OF_WORK: Final = "work"
"""The circuit breaker of some plans, and the kind that goes by it."""
EXECUTIONS_MAX: Final = 7
FAULTS_MAX: Final = 14

Asked: TypeAlias = Literal[
    "start", "signal", "pause", "resume", "cancel", "terminate", "resolve", "begin", "release", "answer", "open", "close",
    "migrate", "go back",
]  # fmt: skip
FaultKind: TypeAlias = Literal[
    "kill", "crash", "stop", "append_lost", "append_landed", "append_late", "append_doubled", "full", "takeover", "freeze",
    "freeze_in_append", "clock", "snapshot", "snapshot_lost", "snapshot_stale", "projector_stop", "projector_kill",
    "projector_twice", "worker_kill", "network",
]  # fmt: skip
FAULTS: Final[tuple[tuple[FaultKind, int, int], ...]] = (
    ("kill", 0, 0),
    ("crash", 1, 40),
    ("crash", 1, 12),
    ("stop", 0, 0),
    ("append_lost", 0, 0),
    ("append_landed", 0, 0),
    ("append_late", 1, 25),
    ("append_doubled", 0, 0),
    ("full", 1, 20),
    ("takeover", 1, 30),
    ("freeze", 2, 30),
    ("freeze_in_append", 1, 8),
    ("clock", -3_000, 3_000),
    ("snapshot", 0, 0),
    ("snapshot_lost", 0, 0),
    ("snapshot_stale", 1, 3),
    ("projector_stop", 5, 80),
    ("projector_kill", 0, 0),
    ("projector_twice", 0, 0),
    ("worker_kill", 0, 0),
    ("network", 5, 60),
)
"""What can go wrong, and the least and the most of its amount: ticks, milliseconds, effects until a crash."""


class Operation(msgspec.Struct, frozen=True):
    """What a client asks for at a tick. `name` is a workflow, a signal or the action for an incident; `number` goes into payloads."""

    at: int
    kind: Asked
    execution: str
    name: str = ""
    number: int = 0


class Fault(msgspec.Struct, frozen=True):
    """Something that goes wrong at a tick; what `amount` means depends on the kind."""

    at: int
    kind: FaultKind
    amount: int = 0


class Traits(msgspec.Struct, frozen=True):
    """What holds for a whole run: who runs `work`, how little is kept in memory or done at a time, how bad the network is by itself.

    Deciding about the `poisoned` execution breaks, as by a bug. Where it `is_odd`, clients and workers send odd values now and then.
    With a `child_policy` one child runs at a time, or else this becomes of the others, and slots are kept as if elsewhere: by keepers.
    At so many failures of `work` within moments a circuit breaker opens; 0: there is none. Where it `migrates` workflows have two versions.
    """

    is_work_local: bool = False
    live_max: int = 5_000
    snapshot_every: int = 100_000
    inbox_max: int = 10_000
    round_max: int = 1_000
    roll_every: int = 10_000
    poisoned: str = ""
    batch_max: int = 5_000
    loss_percent: int = 0
    double_percent: int = 0
    reorder_percent: int = 0
    is_odd: bool = False
    child_policy: str = ""
    breaker: int = 0
    migrates: bool = False


class Plan(msgspec.Struct, frozen=True):
    """Everything that a run depends on."""

    seed: int
    ticks: int
    traits: Traits
    definitions: list[dict[str, Any]]
    operations: list[Operation]
    faults: list[Fault]


def make_plan(seed: int) -> Plan:
    """The plan of a seed."""
    chance = Chance(seed, "plan")
    definitions = [_definition(chance, name) for name in ("w", "v")[: 2 if chance.percent(25) else 1]]
    _limit_starts(Chance(seed, "quotas"), definitions)
    add_triggers(Chance(seed, "triggers"), definitions, START_MS)
    ticks = TICKS_DEFAULT
    operations: list[Operation] = []
    for number in range(chance.number(1, EXECUTIONS_MAX)):
        operations += _life(chance, f"x{number}", str(chance.one_of(*definitions)["name"]), ticks)
    faults = [_fault(chance, ticks) for _ in range(chance.number(0, FAULTS_MAX))]
    breaking = Chance(seed, "breaker")
    breaker = breaking.one_of(1, 1, 2, 3) if breaking.percent(30) else 0
    for _ in range(breaking.number(0, 3) if breaker else 0):
        operations.append(Operation(breaking.number(0, ticks - 1), breaking.one_of("open", "close", "close"), breaker_id(BREAKER_OF_WORK)))
    moves = _migrations(Chance(seed, "migrations"), sorted({one.execution for one in operations if one.kind == "start"}), ticks)
    by_time = sorted([*operations, *moves], key=lambda one: one.at)
    keepers = _child_policy(Chance(seed, "keepers"))
    traits = msgspec.structs.replace(_traits(chance), child_policy=keepers, breaker=breaker, migrates=bool(moves))
    return Plan(seed, ticks, traits, definitions, by_time, sorted(faults, key=lambda one: one.at))


def _definition(chance: Chance, name: str) -> dict[str, Any]:
    """A definition that can be published."""
    while True:
        document = {**write_definition(chance), "name": name}
        if chance.percent(20):
            policy = chance.one_of("queue", "queue", "reject", "replace", "skip")
            document["settings"]["concurrency"] = {"limit": chance.number(1, 2), "policy": policy}
            if chance.percent(40):
                document["settings"]["concurrency"]["key"] = "input.n"
        if not check(document, {}, strict_kinds=False).problems:
            return document


def _limit_starts(chance: Chance, definitions: list[dict[str, Any]]) -> None:
    """Give some of them a quota."""
    for document in definitions:
        if chance.percent(20):
            quota = {chance.one_of("open", "open", "starts_per_minute"): chance.number(1, 2)}
            document["settings"]["quota"] = {**quota, "on_limit": chance.one_of("queue", "queue", "queue", "refuse")}


def _child_policy(chance: Chance) -> str:
    return str(chance.one_of("queue", "reject", "reject", "replace", "replace", "skip")) if chance.percent(40) else ""


def _migrations(chance: Chance, executions: list[str], ticks: int) -> list[Operation]:
    """In some plans executions are told to go on by another version, and back."""
    if not chance.percent(25):
        return []
    told = (execution for execution in executions for _ in range(chance.number(0, 3)))
    return [Operation(chance.number(1, ticks - 1), chance.one_of("migrate", "migrate", "go back"), execution) for execution in told]


def _traits(chance: Chance) -> Traits:
    is_unruly = chance.percent(60)
    return Traits(
        is_work_local=chance.percent(30),
        live_max=chance.one_of(5_000, 5_000, 1, 2),
        snapshot_every=chance.one_of(100_000, 3, 10, 25),
        inbox_max=chance.one_of(10_000, 10_000, 10_000, 2),
        round_max=chance.one_of(1_000, 1_000, 1, 3),
        roll_every=chance.one_of(10_000, 10_000, 25, 100),
        poisoned=f"x{chance.number(0, 2)}" if chance.percent(10) else "",
        batch_max=chance.one_of(5_000, 1, 2, 5),
        loss_percent=chance.number(0, 10) if is_unruly else 0,
        double_percent=chance.number(0, 20) if is_unruly else 0,
        reorder_percent=chance.number(0, 60) if is_unruly else 0,
        is_odd=chance.percent(30),
    )


def _life(chance: Chance, execution: str, workflow: str, ticks: int) -> list[Operation]:
    """What clients ask of one execution. `number` of a start is 0 to 2, 3 with a big input, 4 where it waits to be begun."""
    begins = chance.number(0, ticks // 2)
    operations = [Operation(begins, "start", execution, workflow, chance.one_of(0, 1, 1, 1, 2, 2, 3, 4))]
    for _ in range(chance.number(0, 6)):
        operations.append(_request(chance, execution, min(ticks - 1, begins + chance.number(0, ticks // 2))))
    return operations


def _request(chance: Chance, execution: str, at: int) -> Operation:
    draw = chance.number(0, 99)
    if draw < 10:
        return Operation(at, "answer", execution, chance.one_of(*PEOPLE), chance.number(0, 7))
    if draw < 40:
        return Operation(at, "signal", execution, chance.one_of(*SIGNALS, "more"), chance.number(0, 1))
    if draw < 60:
        return Operation(at, "pause", execution)
    if draw < 75:
        return Operation(at, "resume", execution)
    if draw < 83:
        return Operation(at, "resolve", execution, chance.one_of("retry", "skip", "fail"))
    if draw < 87:
        return Operation(at, "begin", execution)
    return Operation(at, "cancel" if draw < 96 else "terminate", execution)


def _fault(chance: Chance, ticks: int) -> Fault:
    kind, low, high = chance.one_of(*FAULTS)
    amount = chance.number(low, high)
    if kind == "clock" and chance.percent(20):
        amount *= 1_200
    return Fault(chance.number(1, ticks - 1), kind, amount)


def encode_plan(plan: Plan) -> bytes:
    """The plan as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n"


def decode_plan(content: bytes) -> Plan:
    """A plan that was kept. Raises msgspec.ValidationError where it is none."""
    return msgspec.json.decode(content, type=Plan)
