"""The task endpoint: holds the polls of workers elsewhere until there is something for them, and answers results after their commit.

Callbacks only, in the engine's thread: whoever serves HTTP decides how a callback becomes an answer. What comes in one turn
is answered together, so that batches come by themselves. See `contracts.ports.workers.TaskEndpoint`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from contracts.commands import Command, CompleteActivity, Envelope, FailActivity, LoseActivity, RecordStep
from contracts.errors import VERDICTS, LogError, Overloaded
from contracts.worker_protocol import Assignment, Poll, Receipt, Refusal, Results, Workers
from workers.partition.round import Answer, Reply
from workers.tasks.leases import TaskLeases

Submit: TypeAlias = Callable[[Envelope, "Reply | None"], None]
"""Gives a command to the owner, and sees to it that the engine moves. Raises Overloaded."""
WAIT_SHARE_OF_LEASE: Final = 0.5
"""A poll waits for at most this share of a lease, so that a worker that waits is never taken for lost."""

_Answer = Callable[[Assignment], None]


class TaskEndpoint:
    """Where workers elsewhere ask for tasks and hand in results.

    `soon` runs a function when the present turn of the engine is over; it is called once however much comes in a turn.
    """

    def __init__(self, remote: TaskLeases, submit: Submit, soon: Callable[[Callable[[], None]], object]) -> None:
        self._remote, self._submit, self._soon = remote, submit, soon
        self._held: dict[str, _Answer] = {}
        self._is_flush_due = False
        remote.listen(self._note)

    # Polls.

    def wait_s(self, poll: Poll) -> float:
        """How long this poll may wait, in seconds."""
        return min(poll.wait_s, self._remote.lease_ms / 1000 * WAIT_SHARE_OF_LEASE)

    def poll(self, poll: Poll, answer: _Answer) -> None:
        """Answer at once where there is something or the worker does not wait; else hold it. Raises Overloaded."""
        earlier = self._held.pop(poll.worker, None)
        if earlier is not None:
            earlier(self._nothing())
        assignment = self._remote.poll(poll)
        if assignment.tasks or assignment.cancel or not poll.wait_s:
            answer(assignment)
        else:
            self._held[poll.worker] = answer

    def let_go(self, worker: str, answer: _Answer, is_gone: bool = False) -> None:
        """End this poll, if it is still the one that waits."""
        if self._held.get(worker) is answer:
            del self._held[worker]
            if not is_gone:
                answer(self._nothing())

    def close(self) -> None:
        """Answer every poll that waits, with nothing: the server is about to stop."""
        while self._held:
            self._held.popitem()[1](self._nothing())

    def _nothing(self) -> Assignment:
        return Assignment(tasks=[], cancel=[], lease_s=self._remote.lease_ms / 1000)

    def _note(self) -> None:
        if self._held and not self._is_flush_due:
            self._is_flush_due = True
            self._soon(self._flush)

    def _flush(self) -> None:
        """Give what has come to those who wait."""
        self._is_flush_due = False
        for worker, answer in list(self._held.items()):
            assignment = self._remote.take(worker)
            if assignment.tasks or assignment.cancel:
                del self._held[worker]
                answer(assignment)

    # Results.

    def results(self, results: Results, answer: Callable[[Receipt | None], None]) -> None:
        """Take results in, in their order; the answer comes when what they lead to is durable."""
        self._remote.make_room_for(results.worker)
        batch = _Batch(self._remote, results.worker, answer)
        for result in results.results:
            command = self._remote.receive(results.worker, result)
            if isinstance(command, str):
                batch.rejected.append(Refusal(result.task, command))
            elif command is None:
                batch.accepted[result.task] = None
            else:
                self._hand_in(batch, result.task, command)
        batch.is_whole = True
        batch.answer_if_done()
        self._note()

    def _hand_in(self, batch: _Batch, task: str, command: Command) -> None:
        execution = task.partition("/")[0]
        if not isinstance(command, CompleteActivity | FailActivity | LoseActivity | RecordStep):
            self._submit(Envelope("", execution, command), None)
            batch.accepted[task] = None
            return
        batch.open += 1
        step = command.name if isinstance(command, RecordStep) else None
        try:
            self._submit(Envelope("", execution, command), lambda answered: batch.note(task, answered, step))
        except Overloaded:
            batch.is_dropped = True
            raise

    def workers(self) -> Workers:
        """Who is there, and what waits for a worker that is not there."""
        return self._remote.workers()


class _Batch:
    """Results that came together, and are answered together."""

    def __init__(self, remote: TaskLeases, worker: str, answer: Callable[[Receipt | None], None]) -> None:
        self._remote, self._worker, self._answer = remote, worker, answer
        self.accepted: dict[str, None] = {}
        self.rejected: list[Refusal] = []
        self.open = 0
        self.is_whole = False
        self.is_dropped = False
        """Whether the worker has been answered otherwise, and will send everything again."""
        self._is_stored = True

    def note(self, task: str, answered: Answer, step: str | None) -> None:
        """How one of the results was decided, the end of its task or a step of it: with an end it is in nobody's hands any more."""
        self.open -= 1
        error = answered.error
        if error is not None and isinstance(error, LogError) and not isinstance(error, VERDICTS):
            self._is_stored = False
        else:
            if step is None:
                self._remote.settle(task)
            elif error is None:
                self._remote.stored(task, step)
            if error is None:
                self.accepted[task] = None
            else:
                self.rejected.append(Refusal(task, getattr(error, "reason", "not_decided")))
        if not self.open:
            self.answer_if_done()

    def answer_if_done(self) -> None:
        """Answer once everything is decided."""
        if self.is_whole and not self.open and not self.is_dropped:
            receipt = Receipt(accepted=list(self.accepted), rejected=self.rejected, cancel=self._remote.cancels_of(self._worker))
            self._answer(receipt if self._is_stored else None)
