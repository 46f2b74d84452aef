"""Turns: what the owner of a partition does about slots. Who queues takes its place, and who may go on is told (`concurrency.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from contracts.commands import Effect, Envelope, GrantSlot, ReturnSlot, TakeSlot
from contracts.ids import is_keeper_id
from domain.execution.history import Folded
from domain.execution.keeper import claim_in
from workers.partition.catalog import Catalog
from workers.partition.concurrency import Slots, settings_by_workflow
from workers.partition.executions import Executions
from workers.partition.round import Item

GONE: Final = frozenset({"already_ended", "unknown_execution"})
"""Why an execution takes no slot any more."""


class Turns:
    """Of one partition, while its claim stands."""

    def __init__(self, executions: Executions, catalog: Catalog) -> None:
        self.slots = Slots()
        self._executions, self._catalog = executions, catalog
        self.given: list[Envelope] = []
        """What follows of a round for those who queue here, to be sent when it is durable."""
        self.returned: list[Item] = []
        """To keepers elsewhere whose execution is not there any more, and does not take the slot that it is given."""

    def begin(self) -> None:
        """A round begins."""
        self.given, self.returned = [], []

    def send(self, here: Callable[[Iterable[Envelope]], None], elsewhere: Callable[[Item], None]) -> None:
        """The round is durable: send what follows of it."""
        here(self.given)
        for item in self.returned:
            elsewhere(item)

    def queue(self, folded: Folded, effects: list[Effect]) -> None:
        """Who queues takes its place at once, so that the next start of this round sees it. If the round fails, all is folded again."""
        settings = folded.graph.settings.concurrency
        for effect in effects:
            if isinstance(effect, TakeSlot) and settings is not None:
                self.given.extend(self.slots.take(effect.execution, effect.workflow, effect.lane, settings, folded.state.correlation))

    def refused(self, grant: Envelope, reason: str) -> None:
        """A slot was refused by the execution that it was for; it goes back to the keeper that it came from, if it did."""
        keeper = grant.causation
        if is_keeper_id(keeper) and reason in GONE:
            self.returned.append(Item(Envelope(f"{keeper}:returned", keeper, ReturnSlot(), grant.execution), None))

    def restore(self) -> list[Envelope]:
        """Who holds a slot and who waits, by the executions alone; the turns that follow."""
        queues = self._executions.queues()
        if not queues:
            return []
        self.slots.restore(queues)
        return list(self.slots.grant_all(settings_by_workflow(self._catalog, queues)))

    def again(self) -> Iterator[Item]:
        """To executions elsewhere that have a slot here: one that has ended, and of which that was never heard, gives it back."""
        for name in [name for name, _, _, has_started in self._executions.queues() if has_started and is_keeper_id(name)]:
            folded = self._executions.get(name)
            if folded is not None:
                yield Item(Envelope(f"{name}:granted", claim_in(folded.state.input).execution, GrantSlot(), name), None)
