"""The courier: commands from one execution to another, until they are decided.

A command is out when the decision on it is durable. Until then its origin, the decision that called for it, holds
`dispatched_to` back, so that whoever takes over finds it and sends it again: with the same id, which is once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from msgspec.structs import replace

from contracts.commands import CreateExecution, Envelope, ReportChild
from contracts.errors import InvalidInput, RefoldError, Rejected
from contracts.failure import Failure
from contracts.ports.activities import Outbox
from workers.partition.catalog import Catalog
from workers.partition.recovery import Recovered
from workers.partition.round import Item

Learn: TypeAlias = Callable[[Callable[[], None]], None]
"""Reads on in the catalog, elsewhere, as others may have published; calls back."""


class CommandOutbox:
    """Carries commands between executions, and knows which are still on their way."""

    def __init__(
        self,
        catalog: Catalog,
        recovered: Recovered,
        partition: int = 0,
        outbox: Outbox | None = None,
        carry: Callable[[Item], None] | None = None,
        learn: Learn | None = None,
    ) -> None:
        """`carry` takes what could not be addressed at once, as `learn` had to read on in the catalog before."""
        self._catalog, self._carry, self._learn, self._partition, self._outbox = catalog, carry, learn, partition, outbox
        self._pending: dict[int, dict[str, Envelope]] = {}
        """By origin, the lowest first: a decision that calls for commands comes after those before it."""
        self._held: set[int] = set()
        for offset, envelope in recovered.undelivered:
            self._pending.setdefault(offset, {})[envelope.id] = envelope

    def again(self) -> Iterator[Item | None]:
        """What may not have been decided before the takeover."""
        for origin, envelope in self.undelivered():
            yield self._item(envelope, origin)

    def take(self, envelope: Envelope, origin: int) -> Item | None:
        """Send a command on its way, called for by the decision at `origin`; None where it is to be addressed elsewhere first."""
        is_late = bool(self._pending) and origin < next(reversed(self._pending))
        self._pending.setdefault(origin, {})[envelope.id] = envelope
        if is_late:  # what could not be done when its turn was
            self._pending = dict(sorted(self._pending.items()))
        return self._item(envelope, origin)

    def _item(self, envelope: Envelope, origin: int) -> Item | None:
        command, learn = envelope.command, self._learn
        if learn is not None and isinstance(command, CreateExecution) and not (command.definition or self._catalog.knows(command.workflow)):
            assert self._carry is not None, "who has to learn first has somebody who takes what comes of it"
            carry = self._carry
            learn(lambda: carry(Item(self._addressed(envelope), None, origin, envelope.id)))
            return None
        return Item(self._addressed(envelope), None, origin, envelope.id)

    def delivered(self, item: Item) -> None:
        """The command is decided, and durable. Delivering twice is once."""
        pending = self._pending.get(item.origin)
        if pending is not None:
            pending.pop(item.called_for, None)
            if not pending:
                del self._pending[item.origin]

    def delivered_all(self, items: Iterable[Item], but: Iterable[Item]) -> None:
        """These are decided, and durable, but for those that are put off."""
        put_off = set(map(id, but))
        for item in items:
            if item.origin >= 0 and id(item) not in put_off:
                self.delivered(item)

    def dispatched_to(self, end: int) -> int:
        """The offset, at most `end`, below which everything is out: commands to other executions, and activities."""
        if self._outbox is not None:
            end = self._outbox.is_out_to(self._partition, end)
        if self._held:
            end = min(end, *self._held)
        return min(end, next(iter(self._pending))) if self._pending else end

    def hold(self, origin: int) -> None:
        """What the decision at `origin` calls for could not be done yet."""
        self._held.add(origin)

    def let_go(self, origin: int) -> None:
        """It is tried again."""
        self._held.discard(origin)

    def undelivered(self) -> list[tuple[int, Envelope]]:
        """What is on its way, for a snapshot."""
        return [(origin, envelope) for origin, envelopes in self._pending.items() for envelope in envelopes.values()]

    def _addressed(self, envelope: Envelope) -> Envelope:
        """A child's creation gets the version that is active now; the child pins it. Without any, its parent hears of it."""
        command = envelope.command
        if not isinstance(command, CreateExecution) or command.definition:
            return envelope
        try:
            version, definition = self._catalog.resolve(command.workflow, command.version)
        except Rejected as rejected:
            if command.parent is None:  # nobody waits for it: whoever decides it refuses it
                return envelope
            return refusal(envelope, rejected)
        return replace(envelope, command=replace(command, version=version, definition=definition))


def refusal(envelope: Envelope, error: RefoldError) -> Envelope:
    """What a parent hears when its child could not be created."""
    command = envelope.command
    assert isinstance(command, CreateExecution)
    assert command.parent is not None
    kind = "input.invalid" if isinstance(error, InvalidInput) else "child.failed"
    report = ReportChild(command.parent.path, envelope.execution, "failed", None, Failure(kind, str(error)))
    return Envelope(f"{envelope.execution}:ended", command.parent.execution, report, envelope.execution, "", envelope.correlation)
