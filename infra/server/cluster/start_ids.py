"""Naming: under which id a start comes to be, and so in which partition.

without id and key    spread over the partitions that are owned here
with a key or a cause where the checksum of its id says: the same key is the same id, whichever process is asked
with an id            as it is
limited in number     all executions of the workflow in one partition, whose owner counts them (`contracts.ids.counted_in`)

A key stands for two ids where `settings.concurrency` or `quota` came or went with a version of the workflow. Before either is started it is
asked, in its own partition and so after whatever was sent there before, whether the other one is there: it is the same start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from api.service import Start
from contracts.commands import CreateExecution
from contracts.errors import Overloaded, Rejected
from contracts.ids import counted_in
from infra.server.late_start import Forget, LateStart
from infra.server.starts import derived_id
from workers.partition.catalog import Catalog
from workers.partition.round import Answer, Reply

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
    return active is None or catalog.graph(catalog.resolve(workflow, active)[1]).settings.is_counted


def derived_ids(catalog: Catalog, start: Start, began_with: int) -> tuple[str, str | None]:
    """The id that a key or a cause stands for now, and the other one, where versions of the workflow differ in that."""
    workflow = start.workflow
    plain, placed = derived_id(start), derived_id(start, counted_in(workflow, began_with))
    name, other = (placed, plain) if is_counted(catalog, workflow) else (plain, placed)
    return name, other if len(catalog.counted(workflow)) > 1 else None


def ask_and_start(name: str, other: str, ask: Ask, start: LateStart) -> Forget:
    """Start under an id, unless the other one that the key stands for is there: then it is that one."""

    def on_answer(answer: Answer) -> None:
        error = answer.error
        if error is None or (isinstance(error, Rejected) and not isinstance(error, Overloaded)):
            start.begin(name if error is not None and error.reason == NOT_THERE else other)
        else:
            start.refuse(error)

    ask(other, IS_IT_THERE, on_answer)
    return start.forget
