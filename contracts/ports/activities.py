"""Activities: what the engine asks of the code that touches the world, and how a kind of activity is offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel

from contracts.commands import CancelActivity, Command, RunActivity
from contracts.ports.credentials import Secret
from contracts.usage import ModelCall

Report: TypeAlias = Callable[[str, Command], None]
"""How a worker reports: execution id and command. It may be called from any thread and returns at once."""


class ActivityContext(Protocol):
    """What a running activity knows and may do besides its input. Safe to use from the activity's own thread."""

    @property
    def execution(self) -> str:
        """The execution it works for."""

    @property
    def path(self) -> str:
        """The path of the node."""

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""

    @property
    def idempotency_key(self) -> str:
        """Stable over retries: hand it to the outside so that doing it twice is once."""

    @property
    def traceparent(self) -> str:
        """The attempt as a span of its trace, a header of W3C Trace Context: hand it to those whom you ask."""

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the result any more."""

    def credential(self, name: str) -> Secret:
        """The credential of that name. From then on its values are made unreadable in all that the activity gives back and says.

        Raises NoCredential (the failure `no_credential`) where there is none, or it cannot be opened here.
        """

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """Tell that the activity is alive, and how far (0 … 1). Raises Cancelled when it should stop."""

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Write a line to the log, and tell it to those who look on. `level` is debug, info, warning or error."""

    def say(self, text: str, is_new: bool = False) -> None:
        """Tell those who look on more of a text that is about to be given; with `is_new` the beginning of another. Nothing is recorded.

        What may hold something that is to be read nowhere is not told.
        """

    def note_call(self, call: ModelCall) -> None:
        """Note a request to a model: what it took goes with the attempt's end, however that is, and counts."""

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Call `stop` (from another thread) when the activity is cancelled; at once if it already is."""


class ActivityKind(Protocol):
    """A kind of activity: `name` is the `type` in a definition, `Config` what its `config` must match.

    It may have `at_a_time`: how many of it run at a time in a process, instead of what the settings say (`concurrency`).
    """

    @property
    def name(self) -> str:
        """The `type` of nodes of this kind."""

    @property
    def summary(self) -> str:
        """One line for the palette and the command line."""

    @property
    def Config(self) -> type[BaseModel] | None:
        """The shape of `config`; None takes any object."""

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Do the work and give a JSON value. An exception is a failure whose type is the exception's class name,
        or its `error_type` where it has one; `retryable = False` on it says that trying again is useless."""


class ActivityWorker(Protocol):
    """Runs activities beside the engine. Its results go to the `Report` it was made with."""

    def run(self, activity: RunActivity) -> None:
        """Take an activity in; the same attempt twice runs once while it is in hand."""

    def take_over(self, activities: Sequence[RunActivity]) -> None:
        """These are all that are waited for: take in those that are not in hand, and stop what is in hand beside them."""

    def cancel(self, activity: CancelActivity) -> None:
        """Stop an attempt in under a second; what it still reports nobody heeds."""

    def step(self) -> bool:
        """Do what can be done now; True when anything was done."""

    def last_heartbeat(self, execution: str, path: str, attempt: int) -> int | None:
        """When the attempt last gave a sign of life (milliseconds since 1970), None if it is not in hand."""


class Outbox(Protocol):
    """Knows how far the activities of a partition's decisions are out where they outlive the engine's process.

    A new owner gives only those away again that may not have been.
    """

    def begins_at(self, partition: int, offset: int, end: int) -> None:
        """The partition was taken over, up to the offset `end`; below this offset everything is out."""

    def calls_for(self, partition: int, offset: int) -> None:
        """Everything that decisions below this offset call for was given to the worker."""

    def is_out_to(self, partition: int, offset: int) -> int:
        """The offset, at most this one, below which everything is out."""
