"""Starting by cause: a trigger's start becomes a command for the execution that workflow, trigger and cause name, wherever that lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from api.service import Start
from contracts.caller import Caller
from contracts.errors import ExpressionError, InvalidInput, NoCredential, Overloaded, RecordTooLarge, RefoldError, Rejected
from contracts.triggers import Trigger, Triggered
from infra.credentials.sealed_values import SealedValues
from infra.server.cluster.start_ids import ask_and_start, derived_ids
from infra.server.late_start import LateStart
from infra.server.send import Send
from infra.server.start_sealing import NoSealer, Sealing
from infra.server.starts import creation, derived_id
from workers.partition.catalog import Catalog
from workers.partition.round import Answer
from workers.triggers.firing import Outcome, Then

_FOR_NOW: Final = (Overloaded, NoCredential)
"""Refusals that end without another start: there is room again, or the credential is there."""


class Firing:
    """See `workers.triggers.firing.Fire`. Of a log that is shared `began_with` says with how many partitions it began; else None."""

    def __init__(self, catalog: Catalog, send: Send, values: SealedValues | None = None, began_with: int | None = None) -> None:
        """`values` seals what schemas mark as secret."""
        self._catalog, self._send, self._values, self._began_with = catalog, send, values, began_with
        self._sealing = Sealing(catalog, values or NoSealer())

    def __call__(self, trigger: Trigger, said: Triggered, given: bytes, then: Then) -> None:
        """Start it; `then` hears once it is durable, or why it is not."""
        start = Start(trigger.workflow, given, caller=Caller(f"trigger:{trigger.name}"), trigger=said._replace(by_itself=True))
        if self._values is not None and not self._sealing.is_ready(start):
            self._values.load_beside()
            then(Outcome(error=_not_at_hand(self._values.why_not), is_final=False))
            return
        try:
            begin = self._begin(start, then)
            name, other = (derived_id(start), None) if self._began_with is None else derived_ids(self._catalog, start, self._began_with)
            if other is None:
                begin(name)
            else:
                late = LateStart(begin, lambda outcome: then(_refused(outcome)) if isinstance(outcome, Exception) else None)
                ask_and_start(name, other, self._send, late)
        except RefoldError as error:
            then(_refused(error))

    def _begin(self, start: Start, then: Then) -> Callable[[str], Callable[[], None]]:
        version, definition = self._catalog.resolve(start.workflow)

        def begin(name: str) -> Callable[[], None]:
            command = creation(name, start, version, definition, self._sealing)

            def on_answer(answer: Answer) -> None:
                error = answer.error
                is_there = error is None or (isinstance(error, Rejected) and error.reason == "already_exists")
                then(Outcome(name) if is_there or error is None else _refused(error))

            self._send(name, command, on_answer, start.caller)
            return _nothing

        return begin


def _not_at_hand(why: str) -> RefoldError:
    if not why:  # it is being loaded for the first time
        return Overloaded("the keys of values marked secret are not at hand yet: they are about to be")
    return NoCredential("for values marked secret", f"their keys are not at hand: {why}")


def _refused(error: Exception) -> Outcome:
    """Why nothing was started: for good where the same would be refused again, and else to be tried again."""
    is_final = isinstance(error, Rejected | InvalidInput | ExpressionError | RecordTooLarge) and not isinstance(error, _FOR_NOW)
    return Outcome(error=error if isinstance(error, RefoldError) else RefoldError(str(error)), is_final=is_final)


def _nothing() -> None:
    """What was fired stays fired."""
