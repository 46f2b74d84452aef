"""Naming: under which id a start comes to be, and so in which partition.

without id and key    spread over the partitions that are owned here
with a key            where the checksum of its id says: the same key is the same id, whichever process is asked
with an id            as it is
limited in number     all executions of the workflow in one partition, whose owner counts them (`contracts.ids.counted_in`)

A key stands for two ids where `settings.concurrency` came or went with a version of the workflow. Before either is started it is
asked, in its own partition and so after whatever was sent there before, whether the other one is there: it is the same start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from api.service import Started
from contracts.commands import CreateExecution
from contracts.errors import RefoldError, Rejected
from contracts.ids import counted_in
from infra.creation import key_id
from workers.catalog import Catalog
from workers.round import Answer, Reply

Forget: TypeAlias = Callable[[], None]
Then: TypeAlias = Callable[[Started | Exception], None]
Begin: TypeAlias = Callable[[str], Forget]
"""Starts it under an id."""
Ask: TypeAlias = Callable[[str, CreateExecution, Reply], None]
"""Gives a command to an execution, wherever that lives."""
IS_IT_THERE: Final = CreateExecution("", 0, "", b"{}")
"""A creation of nothing: it is refused, and the refusal says whether there is an execution of that id."""
NOT_THERE: Final = "unknown_execution"


def is_counted(catalog: Catalog, workflow: str) -> bool:
    """Whether so many executions of the active version run at a time."""
    found = catalog.counted(workflow)
    if len(found) < 2:
        return True in found
    active = catalog.active(workflow)
    return active is None or catalog.graph(catalog.resolve(workflow, active)[1]).settings.concurrency is not None


def key_ids(catalog: Catalog, workflow: str, key: str, began_with: int) -> tuple[str, str | None]:
    """The id that a key stands for now, and the other one, where versions of the workflow differ in that."""
    plain, placed = key_id(workflow, key), key_id(workflow, key, counted_in(workflow, began_with))
    name, other = (placed, plain) if is_counted(catalog, workflow) else (plain, placed)
    return name, other if len(catalog.counted(workflow)) > 1 else None


class KeyedStart:
    """A start whose key may have been used while it stood for another id."""

    def __init__(self, name: str, other: str, begin: Begin, then: Then) -> None:
        self._name, self._other, self._begin, self._then = name, other, begin, then
        self._forget: Forget = _nothing
        self._is_forgotten = False

    def ask(self, ask: Ask) -> Forget:
        """Look for the other one, then start. What is given back forgets the caller."""
        ask(self._other, IS_IT_THERE, self._on_answer)
        return self.forget

    def _on_answer(self, answer: Answer) -> None:
        error = answer.error
        if self._is_forgotten:
            return
        if error is not None and not isinstance(error, Rejected):
            self._then(error)
            return
        is_there = error is None or error.reason != NOT_THERE
        try:
            self._forget = self._begin(self._other if is_there else self._name)
        except RefoldError as refused:
            self._then(refused)

    def forget(self) -> None:
        """Nobody waits any more."""
        self._is_forgotten = True
        self._forget()


def _nothing() -> None:
    """Nothing was started yet."""
