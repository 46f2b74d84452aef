"""Recorded steps: what an attempt has done is kept as it goes, and handed to the next attempt, which does not do it again.

    step(name, function) ── recorded before ──► its result
                         └─ else: run, told, and once that is durable: its result

Only what is durable counts: a step returns when its worker has the receipt. Between the end of the function and that receipt a
worker that is killed leaves a step that was done and is not recorded; that is what its own idempotency key is for.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Protocol

from refold.errors import ActivityError, Cancelled
from refold.json_values import dumps, loads

STEPS_MAX: Final = 10_000
"""So many steps may the attempts of one node record."""
STEPS_BYTES_MAX: Final = 4 * 1024 * 1024
"""So many bytes of names and results: all of them are sent with the next attempt."""
NAME_LENGTH_MAX: Final = 200
_NEW: Final = object()


class Step:
    """A step that is done, on its way into the log. `text` is its result as JSON."""

    __slots__ = ("durable", "is_sent", "name", "text")

    def __init__(self, name: str, text: bytes) -> None:
        self.name, self.text = name, text
        self.durable: Future[None] = Future()
        self.is_sent = False

    def settle(self, error: BaseException | None = None) -> None:
        """It is durable, or with an error never will be."""
        if self.durable.done():
            return
        if error is None:
            self.durable.set_result(None)
        else:
            self.durable.set_exception(error)


class Record(Protocol):
    """How the steps of an attempt get into the log."""

    def __call__(self, task: str, step: Step) -> None:
        """Bring it there and settle it. Safe to call from any thread."""


class Owner(Protocol):
    """The attempt that takes steps."""

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the attempt any more."""

    def give_up(self) -> None:
        """Let the attempt begin anew elsewhere, with all that is recorded by then."""


class Steps:
    """The steps of one attempt. Safe to use from any thread of it."""

    def __init__(self, owner: Owner, task: dict[str, Any], record: Record | None) -> None:
        self._owner, self._task, self._record = owner, task["task"], record
        self._given: dict[str, Any] = task.get("steps") or {}
        self._is_unsure = bool(task.get("may_have_begun"))
        self._taken: set[str] = set()
        self._count = len(self._given)
        self._bytes = sum(len(name) + len(dumps(value)) for name, value in self._given.items())
        self._lock = threading.Lock()

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """The result of a step, as JSON gives it back; waits until it is durable. Raises ActivityError, Cancelled, and what it raises."""
        known = self._begin(name)
        if known is not _NEW:
            return known
        try:
            value = function()
            if inspect.iscoroutine(value):
                value.close()
                raise ActivityError("step.invalid", f"step {name!r}: an `async` function is for `async` activities", retryable=False)
            step = self._tell(name, value)
            step.durable.result()
        except BaseException:
            self._forget(name)
            raise
        return loads(step.text)

    async def run_async(self, name: str, function: Callable[[], Any]) -> Any:
        """The same in the event loop, of a function that may be `async`."""
        known = self._begin(name)
        if known is not _NEW:
            return known
        try:
            value = function()
            step = self._tell(name, await value if inspect.isawaitable(value) else value)
            await asyncio.wrap_future(step.durable)
        except BaseException:
            self._forget(name)
            raise
        return loads(step.text)

    def _begin(self, name: str) -> Any:
        """What is known of it; `_NEW` where nothing is, and it is to be run now."""
        _check_name(name)
        if self._owner.is_cancelled:
            raise Cancelled
        if self._is_unsure:
            self._owner.give_up()
            raise Cancelled
        with self._lock:
            if name in self._taken:
                raise ActivityError(
                    "step.repeated", f"step {name!r} is taken twice in one attempt: give each its own name", retryable=False
                )
            self._taken.add(name)
        return self._given.get(name, _NEW)

    def _forget(self, name: str) -> None:
        """It has failed: the activity may try it again."""
        with self._lock:
            self._taken.discard(name)

    def _tell(self, name: str, value: Any) -> Step:
        try:
            step = Step(name, dumps(value))
        except Exception as error:  # a model's own code may say anything
            raise ActivityError("step.invalid", f"the result of step {name!r} is not a JSON value: {error}", retryable=False) from None
        with self._lock:
            count, size = self._count + 1, self._bytes + len(name) + len(step.text)
            if count > STEPS_MAX:
                raise ActivityError("step.too_many", f"step {name!r} would be number {count}; {STEPS_MAX} are allowed", retryable=False)
            if size > STEPS_BYTES_MAX:
                message = f"with step {name!r} the recorded steps take {size} bytes; {STEPS_BYTES_MAX} are allowed"
                raise ActivityError("step.too_large", message, retryable=False)
            self._count, self._bytes = count, size
        if self._record is None:
            step.settle()
        else:
            self._record(self._task, step)
        return step


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not 1 <= len(name) <= NAME_LENGTH_MAX or (not name.isascii() and not _is_text(name)):
        message = f"a step's name is a text of 1 to {NAME_LENGTH_MAX} characters, not {repr(name)[:100]}"
        raise ActivityError("step.invalid", message, retryable=False)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def error_of(reason: str) -> BaseException:
    """What a step raises that the server has refused for this reason."""
    if reason == "empty":
        return ActivityError("step.unsupported", "the server is older than recorded steps", retryable=False)
    if reason.startswith("step."):
        return ActivityError(reason, f"the server has not recorded the step: {_WHY.get(reason, reason)}", retryable=False)
    return Cancelled()


_WHY: Final = {
    "step.too_large": "its result, or all steps of the node taken together, are too large",
    "step.too_many": "the node has recorded as many as are allowed",
    "step.invalid": "its result is no value, such as one nested deeper than 200",
    "step.differs": "a step of this name is recorded with another result: somebody else runs this attempt, too",
}
