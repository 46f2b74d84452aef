"""What an execution is, as it is shown; one that waits for its turn, or to be let in, is told of those before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from api.service import Rows
from contracts import values
from contracts.ports.read_models import Query
from domain.execution.history import Folded, version_at
from projections.view import state_value
from projections.waits import WaitRecord, let_in_before, place_among, place_behind, turns_before
from workers.reading.execution_reader import ExecutionReader

Ask = Callable[["Query[WaitRecord]"], Awaitable["Rows[WaitRecord]"]]


def shown_state(reader: ExecutionReader, name: str, at: int | None, whole: bool, time: int | None = None) -> tuple[dict[str, Any], Folded]:
    """All that an execution is, or was after an event, or at a time, as it is shown; `whole` with its big values."""
    if time is not None:
        at = version_at(reader.entries(name), time)
    folded = reader.folded(name, at)
    return state_value(folded, reader.value if whole else reader.show), folded


def shown_content(value: bytes) -> bytes:
    """A stored value as JSON; of a big one, what it is."""
    return values.encode(values.described(value)) if values.is_reference(value) else value


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
