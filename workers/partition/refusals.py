"""Refusals of creations: what the owner says, and what an execution could not know."""

from __future__ import annotations

from contracts.commands import CreateExecution, Envelope
from contracts.errors import RefoldError, Rejected


class Repeated(Rejected):
    """A creation that was made before, of an execution that has ended since."""

    def __init__(self, status: str) -> None:
        super().__init__("repeated", "the execution exists and has ended")
        self.status = status


def unknown_definition(envelope: Envelope) -> Rejected:
    """Nobody has published what is to be run."""
    definition = getattr(envelope.command, "definition", "")
    return Rejected("unknown_definition", f"no definition with the hash {definition} is published")


def counted_elsewhere(execution: str, command: CreateExecution, partition: int, counted_in: int) -> Rejected:
    """Its workflow does not let all starts begin, and its executions are counted in another partition."""
    way_out = "leave the id out, or send an Idempotency-Key instead: then it lies where it is counted"
    message = (
        f"execution {execution} would lie in partition {partition}, and those of {command.workflow}, of which not all may begin "
        f"(`settings.concurrency`, `quota`, `while_paused`), are counted in partition {counted_in}: {way_out}"
    )
    return Rejected("counted_elsewhere", message, execution=execution, workflow=command.workflow)


def told(error: Exception) -> RefoldError:
    """An error as whoever asked hears of it."""
    return error if isinstance(error, RefoldError) else RefoldError(f"the engine failed on this command: {error!r}")
