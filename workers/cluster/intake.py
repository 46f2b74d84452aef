"""Intake: what stands in `commands`, as items for the inbox of the partition's owner.

Engine processes write envelopes (msgpack); workers write their results (JSON, `contracts/worker_topics.py`). What cannot be
read, or belongs elsewhere, becomes a dead letter: it is nobody's command, and a partition never stops for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import UNSET

from contracts import codec
from contracts.commands import Command, Envelope, FailActivity, ReportProgress, ReportStarted
from contracts.errors import UnknownRecord
from contracts.failure import Failure
from contracts.worker_protocol import BadMessage, Step, WrongProtocol
from contracts.worker_topics import TopicResult, attempt_of, decode_result
from workers.partition.round import Item, TopicReply
from workers.partition.task_outbox import TaskOutbox
from workers.running.redaction import NO_REDACTION, Redaction
from workers.tasks.report import detail_of, ended_by
from workers.tasks.steps import step_of

ANSWERED: Final = "?"
"""The id of a command begins with it where somebody waits for what becomes of it."""
FROM_ELSEWHERE: Final = 0
"""The origin of a command that a decision in another partition called for: where it cannot be given, it is a dead letter."""


class Intake:
    """Reads the commands of one partition."""

    def __init__(
        self,
        partition: int,
        task_outbox: TaskOutbox,
        home: Callable[[str], int],
        output_bytes_max: int,
        on_unreadable: Callable[[int, bytes, str], None],
        redaction: Redaction = NO_REDACTION,
    ) -> None:
        """`on_unreadable` is called with what is nobody's command, and why."""
        self.partition, self._task_outbox, self._home, self._output_bytes_max = partition, task_outbox, home, output_bytes_max
        self._on_unreadable, self._redaction = on_unreadable, redaction

    def item(self, offset: int, content: bytes) -> Item | None:
        """The command at an offset; None where there is none to decide."""
        try:
            return self.read(offset, content)
        except (UnknownRecord, BadMessage, WrongProtocol) as error:
            self._on_unreadable(offset, content, str(error))
            return None

    def read(self, offset: int, content: bytes) -> Item | None:
        """The same. Raises UnknownRecord, BadMessage or WrongProtocol for what is nobody's command."""
        item = self._result(offset, content) if content[:1] == b"{" else _envelope(offset, content)
        if item is not None and self._home(item.envelope.execution) != self.partition:
            raise BadMessage(f"execution {item.envelope.execution[:200]} does not live in partition {self.partition}")
        return item

    def _result(self, offset: int, content: bytes) -> Item | None:
        result = decode_result(content)
        execution, path, attempt = attempt_of(result.task)
        command = self._command_of(result, path, attempt)
        if command is None:
            return None
        return Item(Envelope(f"{result.task}:{type(command).__name__}", execution, command), None, offset=offset)

    def _command_of(self, result: TopicResult, path: str, attempt: int) -> Command | None:
        result = self._redaction.result(result)
        ended = ended_by(path, attempt, result, self._output_bytes_max)
        if ended is not None:
            return ended
        self._task_outbox.note_sign(result.task)
        if result.step is not UNSET:
            return self._step_of(result.step, path, attempt)
        if result.started:
            return ReportStarted(path, attempt, result.worker)
        if result.progress is UNSET or (result.progress is None and result.detail is UNSET):
            return None
        return ReportProgress(path, attempt, result.progress or 0.0, detail_of(result))

    def _step_of(self, step: Step, path: str, attempt: int) -> Command:
        """Nobody hears a refusal here: a result that may not be kept is how the attempt ends, and its worker is told to stop."""
        command = step_of(path, attempt, step, self._output_bytes_max)
        if not isinstance(command, str):
            return command
        why = f"the result of step {step.name!r} is {'no value' if command == 'step.invalid' else 'too large'}"
        return FailActivity(path, attempt, Failure(command, why), retryable=False)


def _envelope(offset: int, content: bytes) -> Item:
    envelope = codec.decode_envelope(content)
    if envelope.id.startswith(ANSWERED):
        return Item(envelope, TopicReply(offset, envelope.id), offset=offset)
    return Item(envelope, None, FROM_ELSEWHERE if envelope.causation else -1, offset=offset)
