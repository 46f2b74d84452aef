"""Executions in memory: the open ones folded, the idle ones packed, of those that have ended only how.

Nothing here is the truth. It may be dropped at any time and folded again from the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from contracts.codec import pack
from domain.history import Folded, GraphOf
from domain.state import Execution

LIVE_MAX_DEFAULT: Final = 20_000
"""How many executions are kept as objects; the others wait packed, at less than half the memory."""

_decoder: Final = msgspec.msgpack.Decoder(Execution)


class EndedExecution(NamedTuple):
    """What is known of an execution that has ended: its status, the fingerprint of its start, where its last decision lies."""

    status: str
    request: bytes
    offset: int


class Executions:
    """All executions of a partition, by id."""

    def __init__(self, graph_of: GraphOf, live_max: int = LIVE_MAX_DEFAULT) -> None:
        self._graph_of = graph_of
        self._live_max = live_max
        self._live: dict[str, Folded] = {}
        self._packed: dict[str, tuple[str, bytes]] = {}
        self.ended: dict[str, EndedExecution] = {}
        self.unreadable: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._live) + len(self._packed)

    def get(self, execution: str) -> Folded | None:
        """The open execution, unpacked if need be."""
        folded = self._live.get(execution)
        if folded is None and execution in self._packed:
            definition, content = self._packed.pop(execution)
            folded = self._live[execution] = Folded(self._graph_of(definition), _decoder.decode(content))
        return folded

    def put(self, folded: Folded) -> None:
        """Keep an open execution."""
        self._live[folded.state.execution] = folded

    def end(self, state: Execution, offset: int) -> None:
        """The execution has ended: keep only how."""
        self._live.pop(state.execution, None)
        self.ended[state.execution] = EndedExecution(state.status, state.request, offset)

    def drop(self, execution: str) -> None:
        """Forget what is cached of an execution."""
        self._live.pop(execution, None)
        self._packed.pop(execution, None)

    def open(self) -> Iterator[Folded]:
        """All open executions; the packed ones are unpacked one at a time and not kept."""
        yield from list(self._live.values())
        for definition, content in list(self._packed.values()):
            yield Folded(self._graph_of(definition), _decoder.decode(content))

    def pack_idle(self) -> None:
        """Keep memory bounded: pack those that have been here longest."""
        surplus = len(self._live) - self._live_max
        if surplus <= self._live_max // 10:
            return
        for execution in list(self._live)[:surplus]:
            folded = self._live.pop(execution)
            self._packed[execution] = (folded.state.definition, pack(folded.state))
