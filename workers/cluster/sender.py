"""Sending: commands for partitions that this process does not own, through `commands`; and what becomes of them, from the journal.

    send ─► follow the journal ─► append to `commands`, again until it is there ─► decided by whoever owns the partition ─► answered

A command that nobody waits for is answered when it is durable: whoever takes the partition decides it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from contracts import codec
from contracts.caller import Caller
from contracts.commands import Command, Envelope
from contracts.errors import LogError, LogUnreachable
from workers.cluster.follower import Follower
from workers.cluster.intake import ANSWERED
from workers.cluster.record_outbox import RecordOutbox
from workers.partition.round import Answer, Item, Reply

COMMANDS: Final = "commands"
ANSWER_S: Final = 30.0
"""So long an answer is waited for: a takeover fits in."""


class Sender:
    """Lives in the event loop. `incarnation` is of this process alone."""

    def __init__(self, outgoing: RecordOutbox, follower: Follower, home: Callable[[str], int], incarnation: str) -> None:
        self._record_outbox, self._follower, self._home, self._incarnation = outgoing, follower, home, incarnation
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, envelope: Envelope, then: Reply | None = None) -> None:
        """Send a command; `then` hears when it is durable, not what becomes of it."""
        execution = envelope.execution

        def out(error: LogError | None) -> None:
            if then is not None:
                then(Answer(execution, 0, error=error))

        self._record_outbox.put(COMMANDS, self._home(execution), codec.encode_envelope(envelope), out)

    def ask(self, execution: str, command: Command, reply: Reply, caller: Caller) -> None:
        """Send a command; `reply` hears what becomes of it. Raises Overloaded."""
        self._record_outbox.check_room()
        self._begin(self._ask(self._home(execution), execution, command, reply, caller))

    def carry(self, item: Item, delivered: Callable[[Item], None]) -> None:
        """Bring a command that a decision here calls for to its execution elsewhere."""
        envelope = item.envelope
        self.post(msgspec.structs.replace(envelope, causation=envelope.causation or "?"), lambda answer: delivered(item))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, partition: int, execution: str, command: Command, reply: Reply, caller: Caller) -> None:
        name, until = f"{ANSWERED}{self._incarnation}:{next(self._numbers)}", self._loop.time() + ANSWER_S
        try:
            async with asyncio.timeout_at(until):
                await self._follower.ready(partition)
        except TimeoutError:
            why = f"the journal of partition {partition} could not be followed within {ANSWER_S:g} s; what was asked was not sent"
            reply(Answer(execution, 0, error=LogUnreachable(why)))
            return
        except LogError as error:
            reply(Answer(execution, 0, error=error))
            return
        timer = self._loop.call_at(until, self._give_up, partition, name, execution, reply)

        def answered(answer: Answer) -> None:
            timer.cancel()
            reply(answer)

        def out(error: LogError | None) -> None:
            if error is not None and self._follower.forget(partition, name):
                answered(Answer(execution, 0, error=error))

        self._follower.expect(partition, name, answered)
        self._record_outbox.put(COMMANDS, partition, codec.encode_envelope(Envelope(name, execution, command, "", *caller)), out)

    def _give_up(self, partition: int, name: str, execution: str, reply: Reply) -> None:
        self._follower.forget(partition, name)
        error = LogUnreachable(f"partition {partition} gave no answer within {ANSWER_S:g} s; what was asked may still be done")
        reply(Answer(execution, 0, error=error))
