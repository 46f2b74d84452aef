"""Breakers at home: in one partition each breaker that has counted failures, or is open, is an execution, and its owner keeps it.

Commands are addressed to the breaker by its name. Which execution that is now, only the owner of the partition knows: the one that is
open; a new one where there is none, or where the last one has grown long, which takes over how that stood.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.breakers import BREAKERS, BreakerTold
from contracts.commands import CreateExecution, Envelope, ReportToBreaker, SteerBreaker
from contracts.errors import Rejected
from contracts.ids import breaker_address, is_breaker_id, make_breaker_id
from contracts.system import BREAKER
from domain.execution.breaker import Breaker
from domain.execution.history import Folded
from domain.execution.state import Execution
from workers.partition.breaker_book import BreakerBook
from workers.partition.catalog import Catalog
from workers.partition.executions import Executions
from workers.partition.round import Item

_log = logging.getLogger("refold.owner")

EVENTS_MAX: Final = 5_000
"""A breaker with so many events goes on as another execution, so that what it was before can be removed."""


class BreakerHome:
    """Of the owner of the partition where breakers live, while its claim stands."""

    def __init__(self, partition: int, executions: Executions, catalog: Catalog, book: BreakerBook) -> None:
        self._partition, self._executions, self._catalog, self._book = partition, executions, catalog, book
        self._executions_of: dict[str, str] = {}
        self._standing: dict[str, BreakerTold] = {}
        self._seen = -1

    def restore(self) -> None:
        """The breakers that are open executions."""
        for name in filter(is_breaker_id, self._executions.names()):
            folded = self._executions.get(name)
            if folded is not None:
                self._executions_of[breaker_address(name)] = name
                self.note(folded.state)
        self._book.keep(self._standing)

    # Addressing.

    def addressed(self, item: Item, number: int) -> list[Item]:
        """A command to a breaker, as commands to executions: its own one last. Raises Rejected where nothing is to be told.

        `number` is of no other decision in this partition.
        """
        command = item.envelope.command
        assert isinstance(command, ReportToBreaker | SteerBreaker)
        rule = self._book.rules.get(command.breaker)
        if rule is None:
            raise Rejected("unknown_resource", f"{BREAKERS}/{command.breaker}: there is none of that name")
        address = item.envelope.execution
        folded = self._execution(address)
        before: list[Item] = []
        if folded is None or _is_long(folded.state):
            if folded is None and not _begins(command):
                raise Rejected("breaker_closed", f"the circuit breaker {command.breaker} is closed, and counts no failures")
            before = list(self._begun(item, command.breaker, number, folded))
        told = msgspec.structs.replace(command, limits=rule.limits) if isinstance(command, ReportToBreaker) else command
        envelope = msgspec.structs.replace(item.envelope, execution=self._executions_of[address], command=told)
        return [*before, msgspec.structs.replace(item, envelope=envelope)]

    def _execution(self, address: str) -> Folded | None:
        folded = self._executions.get(self._executions_of.get(address, ""))
        return None if folded is None or folded.state.ended_at or folded.state.breaker is None else folded

    def _begun(self, item: Item, name: str, number: int, before: Folded | None) -> Iterator[Item]:
        version, definition = self._catalog.resolve(BREAKER)
        address = item.envelope.execution
        execution = make_breaker_id(address.rpartition("!")[2], self._partition, number)
        breaker = Breaker(name) if before is None or before.state.breaker is None else before.state.breaker
        self._executions_of[address] = execution
        create = CreateExecution(BREAKER, version, definition, msgspec.json.encode(breaker))
        yield Item(Envelope(f"{execution}:create", execution, create, address), None, offset=item.offset)
        if before is not None:
            end = SteerBreaker(name, "end", "continued")
            yield Item(Envelope(f"{execution}:end", before.state.execution, end, address), None)

    # How they stand.

    def note(self, state: Execution) -> None:
        """This is durable of a breaker."""
        breaker, execution = state.breaker, state.execution
        if breaker is None or self._executions_of.get(breaker_address(execution)) != execution:
            return
        if state.ended_at:
            del self._executions_of[breaker_address(execution)]
            self._standing[breaker.name] = BreakerTold("closed", state.ended_at, 0, breaker.reason if breaker.state == "closed" else "")
        else:
            until = 0 if breaker.state == "half_open" else breaker.until
            self._standing[breaker.name] = BreakerTold(
                breaker.state, breaker.since, until, breaker.reason, breaker.is_by_hand, breaker.changes
            )
        self._book.keep(self._standing)

    def gone(self) -> list[Item]:
        """Breakers that were deleted end; asked again, nothing."""
        if self._seen == self._book.number:
            return []
        self._seen = self._book.number
        found = []
        for execution in self._executions_of.values():
            folded = self._executions.get(execution)
            breaker = None if folded is None else folded.state.breaker
            if breaker is not None and breaker.name not in self._book.rules:
                found.append(Item(Envelope(f"{execution}:end", execution, SteerBreaker(breaker.name, "end", "deleted")), None))
        return found


def _begins(command: ReportToBreaker | SteerBreaker) -> bool:
    return command.what == "failed" if isinstance(command, ReportToBreaker) else command.action == "open"


def _is_long(state: Execution) -> bool:
    return state.version >= EVENTS_MAX and state.breaker is not None and state.breaker.trial is None
