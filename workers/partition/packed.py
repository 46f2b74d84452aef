"""An idle execution as a few hundred bytes, with what is asked of it without unpacking."""

from __future__ import annotations

from typing import Final

import msgspec
import zstandard

from contracts.codec import pack
from contracts.definitions import Quota
from contracts.key import NO_KEY
from domain.execution.history import Folded, GraphOf
from domain.execution.keeper import is_keeper, lane_of
from domain.execution.paths import is_for_worker
from domain.execution.start_values import rank_of
from domain.execution.state import Execution
from workers.partition.quotas import Place

_LEVEL: Final = -1
"""A state repeats its input wherever a node still has it; this level finds that in 1.5 µs (0.3 to unpack), level 1 in 4.4 (2.0)."""

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
    """The workflow whose quota it counts against, if it does."""
    awaits: tuple[int, int, int] | None = None
    """Of one that waits for that quota: its rank in the queue, how many may be open, how many begin in a minute; 0: no limit."""


def packed(folded: Folded) -> Packed:
    """The execution as bytes."""
    state = folded.state
    content = bytes(memoryview(_compress(pack(state))))  # a copy: the compressor's own bytes keep the room they might have needed
    return Packed(
        content, tuple(state.timers.items()), _is_active(folded), queue_of(state), folded.trail.tobytes(), state.key, quota_of(folded),
        _awaits(folded),
    )  # fmt: skip


def unpacked(idle: Packed, graph_of: GraphOf) -> Folded:
    """The execution as it was."""
    state = _decoder.decode(_decompress(idle.content))
    return Folded(graph_of(state.definition), state, memoryview(idle.trail).cast("q"))


def queue_of(state: Execution) -> tuple[str, str, bool, int] | None:
    """Where the execution queues for its turn: workflow, lane, whether it has started, since when. None where another partition says."""
    if state.slot is None or state.keeper:
        return None
    return (*lane_of(state), bool(state.started_at), state.created_at)


def quota_of(folded: Folded) -> str:
    """The workflow whose quota an execution counts against; empty for one that no quota is for, or that another one has started."""
    state = folded.state
    return "" if folded.graph.settings.quota is None or state.parent is not None or is_keeper(state) else state.workflow


def _awaits(folded: Folded) -> tuple[int, int, int] | None:
    place = place_of(folded)
    return None if place is None else (place.rank, place.quota.open or 0, place.quota.starts_per_minute or 0)


def place_of(folded: Folded) -> Place | None:
    """The place of an execution in the queue for the quota of its workflow; None where it does not wait for that."""
    state, quota = folded.state, folded.graph.settings.quota
    return None if state.admission is None or quota is None else Place(rank_of(folded.graph, state), state.execution, quota)


def place_packed(execution: str, awaits: tuple[int, int, int]) -> Place:
    """The same of one that is packed."""
    rank, most, starts = awaits
    return Place(rank, execution, Quota(open=most or None, starts_per_minute=starts or None, on_limit="queue"))


def _is_active(folded: Folded) -> bool:
    """Whether an activity is to run, as `domain.execution.react.outstanding` would say."""
    return any(run.status == "active" and is_for_worker(folded.graph, run) for run in folded.state.runs.values())
