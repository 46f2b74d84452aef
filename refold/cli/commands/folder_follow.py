"""Following a data folder: its journal is read on, beside whoever writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from api.streams.position import Place, read_position
from api.streams.selection import Selection, Teller, Writer, select
from contracts.journal import Checkpoint
from contracts.ports.feed import Told
from contracts.positions import Positions
from contracts.public_events import Origin
from domain.execution.history import Unreadable, is_erasure, read_entries
from infra.server.reader_wiring import Reader
from projections.public.origin import origin_of
from refold.cli.commands.folder_reading import PARTITION, unknown_execution
from refold.cli.commands.target import Followed, Value
from refold.json_values import loads
from workers.reading.backlog import is_wanted

LOOK_EVERY_S: Final = 0.2


def follow(reader: Reader, followed: Followed, source: str) -> Iterator[tuple[str, Value]]:
    """The events that are asked for, each with the position after it. Raises InvalidInput, and Rejected for an unknown execution."""
    selection = select(followed.execution, followed.workflow, followed.types, followed.filter)
    start = followed.after or ("0" if followed.execution else "now")
    first = reader.log.end("journal", PARTITION) if start == "now" else read_position(start, "--from").get(PARTITION, Place(0))
    place = Place(first) if isinstance(first, int) else first
    following = _Following(selection, place, source)
    while True:
        yield from following.read_on(reader)
        if following.has_ended:
            return
        if not following.is_known:
            assert followed.execution is not None
            raise unknown_execution(followed.execution)
        time.sleep(LOOK_EVERY_S)


class _Following:
    """Where it stands. The journal is read from its beginning: how an execution began stands nowhere else."""

    def __init__(self, selection: Selection, place: Place, source: str) -> None:
        self._selection, self._first = selection, place.offset
        self._writer = Writer(Positions(is_divided=False), source)
        self._teller = Teller(selection, self._writer, {PARTITION: place})
        self._checkpoint = Checkpoint()
        self._origins: dict[str, Origin] = {}
        self._has_ended = False

    @property
    def has_ended(self) -> bool:
        """Whether the execution has."""
        return self._teller.has_ended or self._has_ended

    @property
    def is_known(self) -> bool:
        """Whether there is an execution of that id."""
        return self._selection.execution is None or self._selection.execution in self._origins

    def read_on(self, reader: Reader) -> Iterator[tuple[str, Value]]:
        """What has come since."""
        for entry in read_entries(reader.log.read("journal", PARTITION, self._checkpoint.offset), self._checkpoint):
            if isinstance(entry, Unreadable):
                continue
            decision = entry.decision
            origin = origin_of(decision) or self._origins.get(decision.execution)
            if origin is None:
                continue
            self._origins[decision.execution] = origin
            self._has_ended |= is_erasure(entry) and decision.execution == self._selection.execution
            if not is_wanted(self._selection.selector, decision, origin):
                continue
            before = Teller(self._selection, self._writer, {}) if entry.offset < self._first else self._teller
            entries = before.tell([Told(PARTITION, entry.offset, decision, origin)])
            self._has_ended |= before.has_ended
            for one in entries if before is self._teller else ():
                yield one.position, loads(one.content)
