"""An idle execution as a few hundred bytes, with what is asked of it without unpacking."""

from __future__ import annotations

from typing import Final

import msgspec
import zstandard

from contracts.codec import pack
from contracts.definitions import Quota
from contracts.key import NO_KEY
from domain.execution.held_up import is_held_up
from domain.execution.history import Folded, GraphOf, graph_of_state
from domain.execution.keeper import is_keeper, lane_of
from domain.execution.paths import held_by, is_for_worker
from domain.execution.start_values import rank_of
from domain.execution.state import Execution
from workers.partition.quotas import Place, Quotas

_LEVEL: Final = -1
"""A state repeats its input wherever a node still has it; this level finds that in 1.5 µs (0.3 to unpack), level 1 in 4.4 (2.0)."""

UNLIMITED: Final = Quota()

_decoder: Final = msgspec.msgpack.Decoder(Execution)
_compress: Final = zstandard.ZstdCompressor(level=_LEVEL).compress
_decompress: Final = zstandard.ZstdDecompressor().decompress


class Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An idle execution: its state, its timers, whether activities of it run, and where it queues (`queue_of`).

    There may be a hundred thousand of them: nothing in here is a dictionary, and nothing is known to the garbage collector.
    """

    content: bytes
    timers: tuple[tuple[str, int], ...] = ()
    is_active: bool = False
    queue: tuple[str, str, bool, int] | None = None
    trail: bytes = b""
    key: int = NO_KEY
    """The number of the execution's key: with it `content` is sealed in a snapshot."""
    quota_of: str = ""
    """The workflow that lets it in, if that may refuse it, or let it wait (`settings.quota`, `while_paused`)."""
    awaits: tuple[int, int, int, bool] | None = None
    """Of one that waits for that: its rank in the queue, how many may be open, how many begin in a minute (0: no limit), and whether it
    heeds pauses."""
    is_held_up: bool = False
    """Whether triggers of that workflow find it paused, or waiting for a person."""


def packed(folded: Folded) -> Packed:
    """The execution as bytes."""
    state = folded.state
    content = bytes(memoryview(_compress(pack(state))))  # a copy: the compressor's own bytes keep the room they might have needed
    return Packed(
        content, tuple(state.timers.items()), _is_active(folded), queue_of(state), folded.trail.tobytes(), state.key, quota_of(folded),
        _awaits(folded), counts_as_held_up(folded),
    )  # fmt: skip


def unpacked(idle: Packed, graph_of: GraphOf) -> Folded:
    """The execution as it was."""
    state = _decoder.decode(_decompress(idle.content))
    return Folded(graph_of_state(state, graph_of), state, memoryview(idle.trail).cast("q"))


def queue_of(state: Execution) -> tuple[str, str, bool, int] | None:
    """Where the execution queues for its turn: workflow, lane, whether it has started, since when. None where another partition says."""
    if state.slot is None or state.keeper:
        return None
    return (*lane_of(state), bool(state.started_at), state.created_at)


def quota_of(folded: Folded) -> str:
    """The workflow that lets an execution in; empty for one that lets all in, for a test run, and for one that another has started."""
    state = folded.state
    counts = folded.graph.settings.lets_in and state.parent is None and state.test is None and not is_keeper(state)
    return state.workflow if counts else ""


def counts_as_held_up(folded: Folded) -> bool:
    """Whether triggers of its workflow look at an execution, and find it held up."""
    return folded.graph.heeds_pauses and bool(quota_of(folded)) and is_held_up(folded.state)


def note_pause(quotas: Quotas, folded: Folded) -> None:
    """Something was decided about one whose workflow's triggers look at what is held up."""
    quotas.note(folded.state.execution, quota_of(folded), counts_as_held_up(folded))


def _awaits(folded: Folded) -> tuple[int, int, int, bool] | None:
    place = place_of(folded)
    return None if place is None else (place.rank, place.quota.open or 0, place.quota.starts_per_minute or 0, place.heeds_pauses)


def place_of(folded: Folded) -> Place | None:
    """The place of an execution in the queue of those that wait to be let in; None where it does not wait for that."""
    state, quota = folded.state, folded.graph.settings.quota or UNLIMITED
    if state.admission is None:
        return None
    return Place(rank_of(folded.graph, state), state.execution, quota, state.admission.heeds_pauses)


def place_packed(execution: str, awaits: tuple[int, int, int, bool]) -> Place:
    """The same of one that is packed."""
    rank, most, starts, heeds_pauses = awaits
    return Place(rank, execution, Quota(open=most or None, starts_per_minute=starts or None, on_limit="queue"), heeds_pauses)


def _is_active(folded: Folded) -> bool:
    """Whether an activity is to run, as `domain.execution.react.outstanding` would say, or is held by a circuit breaker; of a test run
    also whether time may be skipped."""
    if folded.state.test is not None:
        return True
    return any((run.status == "active" and is_for_worker(folded.graph, run)) or held_by(run) for run in folded.state.runs.values())
