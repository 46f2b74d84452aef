"""What lists that are watched ask of a service: see `api/streams/watching.py`.

A row is written as JSON once, and not again while it stays as it is, whoever watches it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from api.answers import encode
from api.streams.watching import Changed, Found
from contracts.ports.feed import Selector, Told
from contracts.ports.read_models import Query
from infra.server.lookup import Lookup
from infra.server.progress import Progress
from infra.server.read_threads import ReadThreads
from projections.registry import MODEL_OF
from workers.partition.owner import Owner
from workers.partition.round import Made
from workers.reading.journal_feed import Feed
from workers.reading.partitioned_reader import PartitionedReader

R = TypeVar("R", bound=tuple[Any, ...])
WRITTEN_MAX: Final = 2_000
"""The JSON of so many rows is kept."""


class RowTexts:
    """Rows as JSON. For one thread at a time."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, int, Any], bytes] = OrderedDict()

    def of(self, table: str, partition: int, record: R, value_of: Callable[[int, R], Any]) -> bytes:
        """The JSON of a row."""
        key = (table, partition, record)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = encode(value_of(partition, record))
            if len(self._texts) > WRITTEN_MAX:
                self._texts.popitem(last=False)
        return text


class WatchingService:
    """A part of a `Service`. All methods belong to the event loop's thread."""

    feed: Feed
    _reader: PartitionedReader
    _reads: ReadThreads
    _progress: Progress
    _lookup: Lookup
    _row_texts: RowTexts
    _be_fresh: Callable[[], Awaitable[None]]

    def on_change(self, workflow: str | None, then: Changed) -> Callable[[], None]:
        """See Watching."""

        def told(some: Sequence[Told]) -> None:
            then(some[-1].partition, some[-1].offset + 1)

        return self.feed.subscribe(Selector(workflow=workflow), told).end

    async def watched(self, query: Query[R], value_of: Callable[[int, R], Any]) -> Found:
        """See Watching."""
        await self._be_fresh()
        projected = self._progress.all
        found: Found = await self._reads.run_list(self._written, query, value_of)
        if found.rows == b"[]":
            await self._lookup.check_rows(projected)
        return found

    def _written(self, query: Query[R], value_of: Callable[[int, R], Any]) -> Found:
        began, model = time.thread_time(), MODEL_OF[query.table].name
        reached = {partition: self._reader.checkpoint_of(partition, model).offset for partition in range(self._reader.partitions)}
        texts = [self._row_texts.of(query.table.name, one.partition, one.record, value_of) for one in self._reader.find(query)]
        return Found(b"[%b]" % b",".join(texts), reached, time.thread_time() - began)


class Changes:
    """What an owner decides, told round by round to those who watch lists. It costs nothing while nobody does."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._told: dict[object, tuple[str | None, Changed]] = {}
        self._stop: Callable[[], None] | None = None

    def add(self, workflow: str | None, then: Changed) -> Callable[[], None]:
        """See `Watching.on_change`."""
        key = object()
        self._told[key] = (workflow, then)
        if self._stop is None:
            self._stop = self._owner.hearers.add(self._heard)

        def end() -> None:
            self._told.pop(key, None)
            if not self._told and self._stop is not None:
                self._stop()
                self._stop = None

        return end

    def _heard(self, base: int, made: Sequence[Made]) -> None:
        partition, end = self._owner.partition, base + len(made)
        workflows = {one.folded.state.workflow for one in made}
        for workflow, then in list(self._told.values()):
            if made and (workflow is None or workflow in workflows):
                then(partition, end)
