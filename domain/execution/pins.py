"""Pins: what a test run is given for a node, before which nodes it stops, and what of it holds for a child."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from contracts.failure import Failure
from contracts.pins import ANY, EACH, EVERY, Pin, Plan
from domain.execution.paths import iteration_of, plain_path
from domain.execution.state import Execution, Tested

UNPINNED: Final = "test.unpinned"
"""The error type of what a test run refuses, as nothing is pinned for it."""


def pin_for(test: Tested, path: str, attempt: int, reaches_out: bool) -> Pin | None:
    """What is given for an attempt of the node at a path; None where it is to run.

    That of the very path comes first, then that of the node in all iterations, then the one for every activity. `reaches_out` says
    that it is one. What a test run refuses is given a failure.
    """
    pins = test.plan.pins
    for key in (path, plain_path(path), ANY) if reaches_out else (path, plain_path(path)):
        for pin in pins.get(key, ()):
            if pin.attempt in (EACH, attempt) and pin.iteration in (EVERY, iteration_of(path)):
                return pin
    return _refusal(path, attempt) if test.plan.refuses and reaches_out else None


def _refusal(path: str, attempt: int) -> Pin:
    said = f"nothing is pinned for attempt {attempt} of {path}, and this test run lets nothing out into the world"
    return Pin(failure=Failure(UNPINNED, said), retryable=False)


def stops_before(test: Tested, path: str) -> bool:
    """Whether the plan stops before the node at a path, or a step ends there."""
    wanted = test.plan.stop_before
    return test.steps or (bool(wanted) and (path in wanted or plain_path(path) in wanted))


def halted_in(state: Execution) -> list[str]:
    """The nodes that an execution stands before; some may have been cancelled since."""
    test = state.test
    if test is None or not test.halted:
        return []
    return [path for path in test.halted if (run := state.runs.get(path)) is not None and run.status == "queued"]


def plan_of_child(state: Execution, path: str) -> Plan | None:
    """What holds of a plan for the child of a `sub_workflow`: what is said of nodes below it. None for an execution that is no test run."""
    test = state.test
    if test is None:
        return None
    plan, before = test.plan, (f"{path}/", f"{plain_path(path)}/")
    pins = {key if key == ANY else _below(key, before): given for key, given in plan.pins.items()}
    stops = (_below(key, before) for key in plan.stop_before)
    pins.pop("", None)
    return replace(plan, pins=pins, stop_before=tuple(stop for stop in stops if stop), definition=b"", ahead=test.ahead)


def _below(key: str, before: tuple[str, ...]) -> str:
    return next((key.removeprefix(one) for one in before if key.startswith(one)), "")
