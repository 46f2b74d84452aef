"""What the API needs to know of one execution, as a protocol; a part of `api.service.Service`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from api.test_start import Executed
from domain.replay.forking import Made, Wish
from domain.replay.recorded import Recorded
from domain.replay.why import Explained
from domain.testing.record import RecordedTest
from projections.differences import Standing
from projections.history import HistoryEvent
from projections.nodes import NodeRow
from projections.preview import Asked, Preview
from projections.spans import SpanFold
from projections.trace.search import Sieve


class NodeView(NamedTuple):
    """A node with its values as JSON."""

    row: NodeRow
    input: bytes | None
    output: bytes | None


class Packed(NamedTuple):
    """JSON as bytes, and whether they are packed by gzip."""

    content: bytes
    is_packed: bool


class ExecutionBook(Protocol):
    """What an execution is, and was."""

    async def recorded(self, execution: str) -> dict[str, Recorded]:
        """What the nodes of an execution have ended by. Raises Rejected where there is none of that id, or its values are sealed."""

    async def recorded_test(self, execution: str, file: str | None) -> RecordedTest:
        """The execution as a file with tests. Raises Rejected where there is none of that id, or none can stand for it."""

    async def executed_definition(self, execution: str) -> Executed:
        """The definition that an execution goes by. Raises Rejected where there is none of that id."""

    async def forked(self, execution: str, wish: Wish, retries: bool = False) -> Made:
        """The creation of a fork of an execution; with `retries` before its failure. Raises Rejected, InvalidInput."""

    async def history(self, execution: str, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Events from version `start` on, and the version to go on from."""

    async def search(self, execution: str, sieve: Sieve, start: int, limit: int) -> tuple[list[HistoryEvent], int | None]:
        """Events from version `start` on that a sieve lets through, and the version to go on from."""

    async def state(self, execution: str, at: int | None, whole: bool, time: int | None = None) -> dict[str, Any]:
        """All that an execution is, or was after an event, or at a time (milliseconds since 1970); `whole` with its big values."""

    @property
    def may_debug(self) -> bool:
        """Whether executions may be debugged here (the setting `debugger`)."""

    async def debugger(self, execution: str, whole: bool) -> dict[str, Any]:
        """The breakpoints of an execution, where it halts and what is seen there. Raises Rejected where there is none of that id."""

    async def trace(self, execution: str, since: int, limit: int, packs: bool) -> Packed:
        """The columns of a trace behind a version, as `projections.trace` makes them, packed where whoever asks takes that."""

    async def value(self, execution: str, content_hash: str, version: int | None) -> bytes:
        """A big value as JSON, found in the decision of an event, or in any. Raises Rejected where the execution has none of that hash."""

    async def preview(self, execution: str, node: str, at: int | None, asked: Sequence[Asked], ended: bool = False) -> Preview:
        """What expressions would give at a node, as it was when that began, or had `ended`. Raises Rejected where nothing is known."""

    async def why(self, execution: str, node: str, at: int | None) -> Explained:
        """Why a node is as it is, or was after an event. Raises Rejected for an execution, an event or a node that there is not."""

    async def standing(self, execution: str, at: int | None) -> Standing:
        """How an execution stands, or stood after an event, and how it came there. Raises Rejected where there is none."""

    async def spans(self, execution: str) -> SpanFold:
        """The spans of an execution, so far."""

    async def nodes(self, execution: str, path: str | None = None, whole: bool = True) -> list[NodeView]:
        """The nodes of an execution, or one of them, with their values; unless `whole`, of big ones what they are."""

    async def task(self, execution: str, path: str, attempt: int) -> dict[str, Any]:
        """A human task with all that was said and done about it. Raises Rejected where there is none."""

    async def attachment(self, execution: str, path: str, attempt: int, number: int) -> tuple[str, str, bytes]:
        """A file that was attached to a task: its name, its media type, its content. Raises Rejected where there is none."""
