"""The activities that the conformance suite asks of a worker, in Python."""

from functools import partial
from typing import Any

import refold


@refold.activity
def echo(given: Any) -> Any:
    return given


@refold.activity
def break_down(given: Any) -> None:
    raise refold.ActivityError("conformance.failed", "as asked", details={"given": given}, retryable=False)


@refold.activity
def linger(given: dict[str, Any], context: refold.ActivityContext) -> str:
    """Give signs of life until the time is up or nobody waits any more."""
    ticks = max(1, int(given["seconds"] * 10))
    for tick in range(ticks):
        context.heartbeat(tick / ticks, {"tick": tick})
        if context.wait_cancelled(0.1):
            raise refold.Cancelled
    return "lingered"


@refold.activity
def add_up(given: dict[str, Any], context: refold.ActivityContext) -> int:
    """Each number is a step, and before one of them it waits."""

    def number_at(index: int) -> int:
        if index == given.get("pause_at") and context.wait_cancelled(60):
            raise refold.Cancelled
        return int(given["numbers"][index])

    return sum(context.step(f"number {index}", partial(number_at, index)) for index in range(len(given["numbers"])))
