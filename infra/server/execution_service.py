"""What an engine's service says of one execution."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from api.execution_book import NodeView, Packed
from api.test_start import Executed
from domain.replay.forking import Made, Wish
from domain.replay.recorded import Recorded
from domain.replay.why import Explained, explain
from domain.testing.record import RecordedTest
from infra.server.executed import executed_definition
from infra.server.lookup import Lookup
from infra.server.places import shown_content, shown_now, shown_state, with_places
from projections.debugger import debugger_value
from projections.differences import Standing, standing_at
from projections.history import HistoryEvent
from projections.preview import Asked, Preview
from projections.spans import SpanFold
from projections.trace.fold import TraceFold
from projections.trace.search import Sieve
from workers.reading.execution_reader import ExecutionReader
from workers.reading.forks import forked
from workers.reading.in_steps import InSteps, Work
from workers.reading.previews import Previews
from workers.reading.traces import Answer, Traces, Wanted, found_events, packed_trace
from workers.reading.value_reader import Sought, find_value

T = TypeVar("T")


class ExecutionService:
    """A part of a `Service`. All methods belong to the event loop's thread."""

    _lookup: Lookup
    may_debug: bool
    _traces: Traces
    _previews: Previews
    rows: Callable[..., Awaitable[Any]]

    async def history(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Events from version `start` on, and the version to go on from."""
        return await self._lookup.read(execution, ExecutionReader.history, start, limit)

    async def state(self, execution: str, at: int | None, whole: bool, time: int | None = None) -> dict[str, Any]:
        """All that an execution is, or was after an event, or at a time; `whole` with its big values."""
        if at is None and time is None:
            now: dict[str, Any] | None = await self._lookup.read(execution, shown_now, self._traces, whole)
            if now is not None:
                return now
        found, folded = await self._lookup.read(execution, shown_state, at, whole, time)
        return found if at is not None or time is not None else await with_places(found, folded, self.rows)

    async def debugger(self, execution: str, whole: bool) -> dict[str, Any]:
        """The breakpoints of an execution, and where it halts; `whole` with its big values."""

        def answer(reader: ExecutionReader, name: str) -> dict[str, Any]:
            return debugger_value(reader.folded(name, None), reader.value if whole else reader.show)

        found: dict[str, Any] = await self._lookup.read(execution, answer)
        return found

    async def trace(self, execution: str, since: int, limit: int, packs: bool) -> Packed:
        """The columns of a trace behind a version, as JSON."""

        def answer(reader: ExecutionReader, name: str, fold: TraceFold, last: int) -> Packed:
            return Packed(*packed_trace(fold, name, since, limit, last, packs))

        return await self._of_trace(execution, answer, since + limit)

    async def search(self, execution: str, sieve: Sieve, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Events from version `start` on that a sieve lets through, and the version to go on from."""

        def answer(reader: ExecutionReader, name: str, fold: TraceFold, last: int) -> tuple[list[HistoryEvent], int | None]:
            return found_events(reader, name, fold, sieve, start, limit)

        return await self._of_trace(execution, answer)

    async def _of_trace(self, execution: str, answer: Answer[T], enough: int | None = None) -> T:
        """What a trace gives, once it is folded, or as far as is enough. Others who read have their turn meanwhile."""
        wanted = Wanted(enough)
        while True:
            found: T | None = await self._lookup.read(execution, self._traces.step, wanted, answer)
            if found is not None:
                return found

    async def value(self, execution: str, content_hash: str, version: int | None) -> bytes:
        """A big value as JSON. Others who read have their turn while it is looked for."""
        found: bytes | Sought = Sought(content_hash, version)
        while isinstance(found, Sought):
            found = await self._lookup.read(execution, find_value, found)
        return found

    async def preview(self, execution: str, node: str, at: int | None, asked: Sequence[Asked], ended: bool = False) -> Preview:
        """What expressions would give at a node. Others who read have their turn while it is folded."""
        while True:
            found = await self._lookup.read(execution, self._previews.step, node, at, asked, ended)
            if found is not None:
                return found

    async def why(self, execution: str, node: str, at: int | None) -> Explained:
        """Why a node is as it is, or was after an event."""
        return await self._in_steps(execution, lambda entries, graph_of, blob: explain(entries, graph_of, blob, node, at))

    async def standing(self, execution: str, at: int | None) -> Standing:
        """How an execution stands, or stood after an event, and how it came there."""
        return await self._in_steps(execution, lambda entries, graph_of, blob: standing_at(entries, graph_of, blob, at))

    async def _in_steps(self, execution: str, work: Work[T]) -> T:
        """What is made of a history. Others who read have their turn meanwhile."""
        making = InSteps(work)
        while True:
            found = await self._lookup.read(execution, making.step)
            if found is not None:
                return found

    async def recorded(self, execution: str) -> dict[str, Recorded]:
        """What the nodes of an execution have ended by."""
        return await self._lookup.read(execution, ExecutionReader.recorded)

    async def recorded_test(self, execution: str, file: str | None) -> RecordedTest:
        """The execution as a file with tests."""
        return await self._lookup.read(execution, ExecutionReader.recorded_test, file)

    async def forked(self, execution: str, wish: Wish, retries: bool = False) -> Made:
        """The creation of a fork of an execution; with `retries` before its failure."""
        return await self._lookup.read(execution, forked, wish, retries)

    async def executed_definition(self, execution: str) -> Executed:
        """The definition that an execution goes by."""
        return await self._lookup.read(execution, executed_definition)

    async def spans(self, execution: str) -> SpanFold:
        """The spans of an execution, so far."""
        return await self._lookup.read(execution, ExecutionReader.spans)

    async def nodes(self, execution: str, path: str | None = None, whole: bool = True) -> list[NodeView]:
        """The nodes of an execution, or one of them, with their values; unless `whole`, of big ones what they are."""

        def read(reader: ExecutionReader, name: str) -> list[NodeView]:
            content = reader.content if whole else shown_content
            rows = [node for node in reader.nodes(name) if path is None or node.path == path]
            return [NodeView(node, node.input and content(node.input), node.output and content(node.output)) for node in rows]

        return await self._lookup.read(execution, read)
