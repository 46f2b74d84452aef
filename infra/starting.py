"""Starting executions: from a start as a caller asks for it to its answer, by callbacks, since it is asked thousands of times a second.

    asked ──► created, or repeats an earlier start ──► (with a wait) ended, or the time is up, or the server stops ──► answered

Nothing is answered before the round that decided it is durable (`workers/owner.py`, act).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from api.service import Start, Started
from contracts import values
from contracts.errors import Rejected
from contracts.ids import is_execution_id
from contracts.ports.blobs import Blobs
from domain.state import Execution
from infra.creation import creation, is_repeated, key_id
from infra.engine import Engine
from projections.view import ExecutionView, view_of
from workers.round import Answer

Outcome: TypeAlias = Started | Exception
Then: TypeAlias = Callable[[Outcome], None]
ID_RULE: Final = "letters, digits, `.`, `_`, `:`, `-`, at most 128"


class Starts:
    """The starts that are under way.

    `view` reads an execution, with a big output filled in; `wake` moves the engine; `position` is that of the journal.
    """

    def __init__(
        self,
        engine: Engine,
        blobs: Blobs,
        view: Callable[[str], Awaitable[ExecutionView]],
        wake: Callable[[], None],
        position: Callable[[], int],
    ) -> None:
        self.engine, self._blobs, self.view, self.wake, self.position = engine, blobs, view, wake, position
        self.loop = asyncio.get_running_loop()
        self.waiting: set[_Start] = set()
        """Those that wait for an end."""
        self.reading: set[asyncio.Future[None]] = set()

    def begin(self, start: Start, wait_s: float, then: Then) -> Callable[[], None]:
        """Start an execution; `then` hears of it once. What is given back forgets it: nobody waits any more, what was started goes on.

        Raises Rejected for what can be refused before anything was given to the engine, Overloaded.
        """
        name = self._id_of(start)
        one = _Start(self, name, start, wait_s, then)
        one.begin()
        return one.forget

    def stop(self) -> None:
        """Answer those that wait with what they have: the server is about to stop."""
        for one in list(self.waiting):
            one.time_is_up()

    def _id_of(self, start: Start) -> str:
        if start.key is not None:
            return key_id(start.workflow, start.key)
        if start.execution is None:
            return self.engine.new_execution_id()
        if not is_execution_id(start.execution):
            raise Rejected("bad_id", f"{start.execution!r} cannot be an execution id: {ID_RULE}")
        return start.execution

    def is_repeated(self, name: str, start: Start) -> bool:
        """Whether this start was made before."""
        return is_repeated(name, start, self.engine.owner.executions, self.engine.catalog, self._blobs)


class _Start:
    """One start on its way."""

    __slots__ = ("_created", "_is_done", "_name", "_start", "_starts", "_then", "_timer", "_view", "_wait_s")

    def __init__(self, starts: Starts, name: str, start: Start, wait_s: float, then: Then) -> None:
        self._starts, self._name, self._start, self._wait_s, self._then = starts, name, start, wait_s, then
        self._created: bool | None = None
        """Whether it is new; None until that is known."""
        self._view: ExecutionView | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_done = False

    def begin(self) -> None:
        """Give it to the engine, unless it is known already."""
        starts = self._starts
        owner = starts.engine.owner
        if owner.is_in_charge and starts.is_repeated(self._name, self._start):  # else memory may hold what was never stored
            owner.watchers.add(self._name, self._on_end)
            self._is_made(False)
            return
        version, definition = starts.engine.catalog.resolve(self._start.workflow)
        starts.engine.send(self._name, creation(self._start, version, definition), self._on_answer)
        owner.watchers.add(self._name, self._on_end)
        starts.wake()

    def _on_end(self, state: Execution) -> None:
        self._view = view_of(state, 0)
        if self._created is not None:
            self._finish()

    def _on_answer(self, answer: Answer) -> None:
        error = answer.error
        if error is None:
            self._is_made(not answer.repeated)
        elif isinstance(error, Rejected) and error.reason == "already_exists" and self._starts.is_repeated(self._name, self._start):
            self._is_made(False)
        else:
            self._answer(error)

    def _is_made(self, created: bool) -> None:
        """It is there, and durable."""
        self._created = created
        starts = self._starts
        if self._view is None and self._wait_s and not self._is_done and self._name not in starts.engine.owner.executions.ended:
            starts.waiting.add(self)
            self._timer = starts.loop.call_later(self._wait_s, self.time_is_up)
        else:
            self._finish()

    def time_is_up(self) -> None:
        """Answer with how far it has come."""
        self._finish()

    def _finish(self) -> None:
        """Answer with what it is now: from memory, or read where it is big, or has ended before."""
        if self._is_done:
            return
        owner = self._starts.engine.owner
        view = self._view
        if view is None and owner.is_in_charge and (folded := owner.executions.get(self._name)) is not None:
            view = view_of(folded.state, 0)
        if view is None or values.is_reference(bytes(view.output)):
            self.forget(keeps=True)
            reading = asyncio.ensure_future(self._read())
            self._starts.reading.add(reading)
            reading.add_done_callback(self._starts.reading.discard)
            return
        view.position = self._starts.position()
        self._answer(Started(view, bool(self._created)))

    async def _read(self) -> None:
        try:
            self._answer(Started(await self._starts.view(self._name), bool(self._created)))
        except Exception as error:  # whoever asked has to hear of it, whatever it is
            self._answer(error)

    def _answer(self, outcome: Outcome) -> None:
        if not self._is_done:
            self.forget()
            self._then(outcome)

    def forget(self, keeps: bool = False) -> None:
        """Nobody waits any more; with `keeps` only the end is not waited for."""
        self._is_done = self._is_done or not keeps
        self._starts.engine.owner.watchers.remove(self._name, self._on_end)
        self._starts.waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
