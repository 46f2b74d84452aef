"""The round: take the whole inbox, decide each command, append everything at once, and only then act.

    inbox ─► decide, evolve ─► encode, digest ─► append (one batch, durable) ─► answers, activities, timers, commands

Nothing leaves before the append has answered. When it fails, nothing of the round has happened: what is cached is
dropped and folded again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from contracts import codec
from contracts.commands import Effect, Envelope
from contracts.dead_letter import DeadLetter
from contracts.errors import (
    SHORTAGES,
    AppendUnknown,
    LogError,
    LogUnreachable,
    RecordTooLarge,
    RefoldError,
    Rejected,
    UnknownRecord,
    reason_of,
)
from contracts.journal import Answered, Checkpoint, Decision, judge
from contracts.ports.log import Log
from contracts.refusal import told_of
from domain.execution.history import Folded
from workers.partition.metrics import Histogram

_log = logging.getLogger("refold.owner")

ROUND_MAX_DEFAULT: Final = 1_000
"""So many commands are decided in one round; what is left waits for the next."""


class Answer(msgspec.Struct):
    """What a caller hears once its command is decided and durable.

    `position` is the offset after the decision, to be waited for by readers; `error` a rejection, or why nothing was stored.
    `state` is None for an execution that is not open any more and for a refused command.
    """

    execution: str
    position: int
    version: int = 0
    status: str = ""
    error: RefoldError | None = None
    repeated: bool = False


Reply: TypeAlias = Callable[[Answer], None]


class Item(msgspec.Struct, frozen=True):
    """A command in the inbox: who waits for the answer, the decision whose effect it is (-1: none), the id it was called for by,
    and where it stands in `commands` (-1: nowhere).
    """

    envelope: Envelope
    reply: Reply | None
    origin: int = -1
    called_for: str = ""
    offset: int = -1


class TopicReply:
    """The reply to a command from `commands`: what came of it is written into the journal."""

    __slots__ = ("command", "offset")

    def __init__(self, offset: int, command: str) -> None:
        self.offset, self.command = offset, command

    def __call__(self, answer: Answer) -> None:
        """Whoever waits reads it there."""


class Made(msgspec.Struct):
    """A decision of this round that is not durable yet, and what it calls for."""

    item: Item
    folded: Folded
    decision: Decision
    record: bytes
    effects: list[Effect]


class Round(msgspec.Struct):
    """A round that is decided, and not durable yet: to be appended at `base`, all of it or nothing.

    `dead` is to be kept as dead letters once it is durable, `thrown_away` are the keys of what it erases. `must_confirm` says that
    somebody is answered though nothing is appended.
    """

    base: int
    items: list[Item]
    made: list[Made]
    answers: list[tuple[Reply, Answer]]
    records: list[bytes]
    dead: list[DeadLetter]
    thrown_away: list[int]

    def is_too_large(self, answer: LogError) -> bool:
        """Whether its dead letters can never be kept, by the answer to their append."""
        return isinstance(answer, RecordTooLarge)

    def count_buried(self, answer: int | LogError) -> int:
        """How many of its dead letters are kept, by the answer to their append."""
        if isinstance(answer, LogError):
            _log.error("%d dead letters are lost: %s", len(self.dead), answer)
            return 0
        return len(self.dead)

    @property
    def must_confirm(self) -> bool:
        """A round that appends nothing proves nothing: before it answers anyone the journal must be seen to end at `base`."""
        return not self.records and any(item.reply for item in self.items)


def answer_all(answers: list[tuple[Reply, Answer]], position: int) -> None:
    """Tell those who wait; what one of them does with it harms no other."""
    for reply, answer in answers:
        answer.position = position
        try:
            reply(answer)
        except Exception:
            _log.exception("whoever waited for execution %s could not be told", answer.execution)


def records_of(answers: list[tuple[Reply, Answer]], nonce: bytes, partition: int) -> list[bytes]:
    """The answers that somebody elsewhere waits for, as records of the journal."""
    records: list[bytes] = []
    for reply, answer in answers:
        if isinstance(reply, TopicReply):
            error = answer.error
            reason, message = ("", "") if error is None else told_of(error)
            status = answer.status or (error.details.get("status", "") if isinstance(error, Rejected) else "")
            later_s = error.details.get("retry_after_s", 0) if isinstance(error, Rejected) else 0
            told = (reply.command, answer.execution, status, answer.version, answer.repeated, reason, message, later_s)
            records.append(codec.encode_record(Answered(nonce, partition, reply.offset, *told)))
    return records


def letters_of(made: Round) -> list[bytes]:
    """The dead letters of a round as records."""
    return [codec.pack(letter) for letter in made.dead]


def is_claimed_within(checkpoint: Checkpoint, gap: Iterable[tuple[int, bytes]], on_junk: Callable[[int, bytes], None]) -> bool:
    """Whether what somebody else has appended before a round holds a claim, or only what counts for nobody; the checkpoint moves along."""
    nonce = checkpoint.nonce
    for offset, content in gap:
        try:
            record = codec.read_record(content)
        except UnknownRecord:  # of a newer version: it may be a claim
            return True
        if record is None:
            on_junk(offset, content)
        judge(checkpoint, offset, record)
    return checkpoint.nonce != nonce


def refuse(items: Iterable[Item], error: LogError) -> list[Item]:
    """Tell the callers why nothing was stored; what nobody waits for is left, and what stands in `commands` is read again."""
    left: list[Item] = []
    for item in items:
        if item.reply is not None:
            item.reply(Answer(item.envelope.execution, 0, error=error))
        elif item.offset < 0:
            left.append(item)
    return left


def append(log: Log, partition: int, made: Round, took: Histogram) -> tuple[int | LogError, list[tuple[int, bytes]]]:
    """Append a round as one batch: the offset that it was answered with, or why it failed, and what stands before it unexpectedly.

    Where there is nothing to append it is the journal's end, as far as anybody asks. `took` is told how long it took.
    """
    try:
        if not made.records:
            return (log.end("journal", partition) if made.must_confirm else made.base), []
        began = time.perf_counter()
        answer = log.append("journal", {partition: made.records})[partition]
        took.observe(time.perf_counter() - began)
        if isinstance(answer, int) and answer > made.base:
            return answer, list(log.read("journal", partition, made.base, answer))
    except LogUnreachable as error:
        return error, []
    except SHORTAGES as error:
        return AppendUnknown(f"nobody knows whether the round was appended: {reason_of(error)}"), []
    return answer, []
