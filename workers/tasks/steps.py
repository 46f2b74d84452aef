"""Recorded steps, as workers elsewhere report them."""

from __future__ import annotations

from contracts.commands import RecordStep
from contracts.errors import InvalidInput
from contracts.value_check import check
from contracts.worker_protocol import Step


def step_of(path: str, attempt: int, step: Step, output_bytes_max: int) -> RecordStep | str:
    """The command that a step comes to; a word where its result may not be kept: its worker fails it then."""
    output = bytes(step.output)
    if len(output) > output_bytes_max:
        return "step.too_large"
    try:
        return RecordStep(path, attempt, step.name, check(output))
    except InvalidInput:
        return "step.invalid"
