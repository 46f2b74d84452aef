"""What an execution is, as it is shown; one that waits for its turn, or to be let in, is told of those before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from api.service import Rows
from contracts import values
from contracts.ports.read_models import Query
from domain.execution.history import Folded, version_at
from projections.view import state_value
from projections.waits import WaitRecord, let_in_before, place_among, place_behind, turns_before
from workers.reading.execution_reader import ExecutionReader
from workers.reading.traces import Traces

Ask = Callable[["Query[WaitRecord]"], Awaitable["Rows[WaitRecord]"]]


def shown_state(reader: ExecutionReader, name: str, at: int | None, whole: bool, time: int | None = None) -> tuple[dict[str, Any], Folded]:
    """All that an execution is, or was after an event, or at a time, as it is shown; `whole` with its big values."""
    if time is not None:
        at = version_at(reader.entries(name), time)
    folded = reader.folded(name, at)
    return state_value(folded, reader.value if whole else reader.show), folded


def shown_now(reader: ExecutionReader, name: str, traces: Traces, whole: bool) -> dict[str, Any] | None:
    """The same of an execution whose trace is kept, which costs no more than what is new; None where it is not, or places belong to it.

    Places are found from the state by another thread, and this state goes on.
    """
    folded = traces.now(reader, name)
    if folded is None:
        return None
    found = state_value(folded, reader.value if whole else reader.show)
    return None if any(item["for"] in PLACED for item in found["waiting_for"]) else found


def shown_content(value: bytes) -> bytes:
    """A stored value as JSON; of a big one, what it is."""
    return values.encode(values.described(value)) if values.is_reference(value) else value


PLACED: Final = frozenset({"turn", "quota", "paused_sibling"})
"""What is waited for in a queue, where one has a place."""


async def with_places(found: dict[str, Any], folded: Folded, ask: Ask) -> dict[str, Any]:
    """The state as it is shown, with what belongs to each turn that is waited for: how many run at a time, and the place in the queue."""
    state, settings = folded.state, folded.graph.settings.concurrency
    for item in found["waiting_for"]:
        if item["for"] == "turn" and settings is not None:
            item["limit"] = settings.limit
            item["place"] = place_among(state, (await ask(turns_before(state, item["slot"]))).records)
        elif item["for"] in ("quota", "paused_sibling"):
            item["place"] = place_behind((await ask(let_in_before(folded.graph, state, item["for"]))).records)
    return found
