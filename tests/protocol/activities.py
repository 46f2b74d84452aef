"""The activities that the conformance suite asks of a worker, in Python."""

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
