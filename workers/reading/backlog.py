"""The backlog: the decisions that lie between a position and now, read from the journal for one who subscribes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from contracts.codec import decode_decision, read_header, read_record
from contracts.commands import CreateExecution
from contracts.errors import LogUnreachable, UnknownRecord
from contracts.journal import Checkpoint, Decided, Decision, PartitionClaimed, judge
from contracts.ports.feed import Selector, Told
from contracts.ports.log import Log
from contracts.ports.read_models import ReadModels
from workers.reading.trails import record_of

WINDOW_RECORDS: Final = 1_000
WINDOW_RECORDS_MAX: Final = 64_000
WORKFLOWS_MAX: Final = 10_000
"""The workflows of so many executions are remembered."""


class Piece(NamedTuple):
    """What was read: the decisions that are wanted, and where the reader stands after it."""

    told: list[Told]
    checkpoint: Checkpoint


def is_wanted(selector: Selector, decision: Decision, workflow: str | None) -> bool | None:
    """Whether a decision is one of those that are selected; None where that hangs on its workflow, which is not known."""
    if selector.execution is not None and decision.execution != selector.execution:
        return False
    if selector.events and not any(type(event) in selector.events for event in decision.events):
        return False
    if selector.workflow is None and not selector.names_workflow:
        return True
    return None if workflow is None else selector.workflow in (None, workflow)


def workflow_in(decision: Decision) -> str | None:
    """The workflow that a decision names; only the first of an execution does."""
    command = decision.command
    return command.workflow if isinstance(command, CreateExecution) else None


class Workflows:
    """The workflows of executions, as far as they were seen; the oldest make room."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def get(self, execution: str) -> str | None:
        """The workflow, where it is known."""
        return self._of.get(execution)

    def note(self, execution: str, workflow: str) -> None:
        """It is of this workflow."""
        self._of[execution] = workflow
        if len(self._of) > WORKFLOWS_MAX:
            del self._of[next(iter(self._of))]


class Backlog:
    """Reads it. `models_of` gives the read models of a partition, which know what workflow an execution is of. For one thread at a time."""

    def __init__(self, log: Log, models_of: Callable[[int], ReadModels]) -> None:
        self._log, self._models_of = log, models_of
        self._workflows = Workflows()

    def read(self, partition: int, start: Checkpoint | int, end: int, selector: Selector) -> Piece:
        """The wanted ones of the decisions from a checkpoint, or an offset, up to `end`. Raises LogError, UnknownRecord."""
        checkpoint = self._checkpoint_at(partition, start) if isinstance(start, int) else copy_of(start)
        told: list[Told] = []
        for offset, content in self._log.read("journal", partition, checkpoint.offset, end):
            record = read_record(content)
            if judge(checkpoint, offset, record) == "counts" and isinstance(record, Decided):
                found = self._decision(partition, record, selector)
                if found is not None:
                    told.append(Told(partition, offset, *found))
        return Piece(told, checkpoint)

    def _decision(self, partition: int, record: Decided, selector: Selector) -> tuple[Decision, str | None] | None:
        """The decision, if it is wanted, and can be read; and its workflow, where that matters."""
        if selector.execution is not None and read_header(record.body)[1] != selector.execution:
            return None
        try:
            decision = decode_decision(record.body)
        except UnknownRecord:  # a build that knows it may tell of it
            return None
        workflow = self._seen(decision) if selector.names_workflow or selector.workflow is not None else None
        wanted = is_wanted(selector, decision, workflow)
        if wanted is None:
            workflow = self._workflow_of(partition, decision.execution)
            wanted = is_wanted(selector, decision, workflow)
        return (decision, workflow) if wanted else None

    def _seen(self, decision: Decision) -> str | None:
        """The workflow, where the decision says it, or one before it did."""
        workflow = workflow_in(decision)
        if workflow is None:
            return self._workflows.get(decision.execution)
        self._workflows.note(decision.execution, workflow)
        return workflow

    def _workflow_of(self, partition: int, execution: str) -> str:
        """The workflow of an execution, by the read models. Raises LogUnreachable while they do not know it."""
        row = record_of(self._models_of(partition), execution)
        if row is None:
            raise LogUnreachable(f"the read models of partition {partition} do not know execution {execution} yet")
        self._workflows.note(execution, row.workflow)
        return row.workflow

    def _checkpoint_at(self, partition: int, offset: int) -> Checkpoint:
        """Where a reader stands who has read up to an offset: from the claim on that is in force there, which is looked for backwards.

        What was decided under earlier claims needs no reading: an owner has folded it before it decides anything.
        """
        checkpoint = Checkpoint(offset=self._claim_before(partition, offset))
        for at, content in self._log.read("journal", partition, checkpoint.offset, offset):
            judge(checkpoint, at, read_record(content))
        return checkpoint

    def _claim_before(self, partition: int, offset: int) -> int:
        """The offset of the last claim before an offset; 0 without any."""
        end, window = offset, WINDOW_RECORDS
        while end > 0:
            start = max(0, end - window)
            records = self._log.read("journal", partition, start, end)
            claims = [at for at, content in records if isinstance(read_record(content), PartitionClaimed)]
            if claims:
                return claims[-1]
            end, window = start, min(2 * window, WINDOW_RECORDS_MAX)
        return 0


def copy_of(checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint that does not move along with this one."""
    return Checkpoint(checkpoint.journal, checkpoint.offset, checkpoint.nonce, dict(checkpoint.sources))
