"""A user's own activities, run by `refold worker benchmarks.activities`."""

from __future__ import annotations

from typing import Any

import refold
from benchmarks import steps


@refold.activity
def step(given: dict[str, Any]) -> dict[str, Any]:
    return steps.step(given)


@refold.activity
def noted_step(given: dict[str, Any], context: refold.ActivityContext) -> dict[str, Any]:
    return steps.noted_step(context.idempotency_key, given)
