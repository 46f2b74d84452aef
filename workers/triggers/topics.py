"""Kafka triggers: each reads its topic in the process that its name falls to, and commits what was started.

    wait for brokers, topic ─► records ─► started, each by topic, partition and offset ─► noted ─► committed ─► records …

Killed before it has committed, the next process reads the same records: what they start has the same ids, and is there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from contracts.errors import ExpressionError, InvalidInput, Rejected
from contracts.ports.clock import Clock
from contracts.ports.user_topic import TopicAway, TopicRecord, UserTopic
from contracts.triggers import CAUSE_LENGTH_MAX, Fired, Trigger
from domain.expressions import program
from domain.triggers.firing import config_of, seen, started_with, triggered
from domain.triggers.kafka import KafkaTrigger, Unfit, given_by, record_cause
from workers.partition.trigger_states import TriggerStates
from workers.triggers.directory import Directory
from workers.triggers.firing import Advance, Fire, Outcome, waits

PAUSE_S: Final = 5.0
"""So long after a failure brokers are asked again."""
AGAIN_S: Final = 1.0
"""What could not be started, or be noted, is tried again so long after."""

_log = logging.getLogger("refold.triggers")


OpenTopic: TypeAlias = Callable[[Any, str, int], UserTopic]
"""Of the config of a trigger, its group, and the time since which it counts (milliseconds since 1970). Raises TopicAway."""


class Topics:
    """Those that fall to this process. Lives in the event loop."""

    def __init__(
        self, directory: Directory, states: TriggerStates, clock: Clock, open_: OpenTopic, fire: Fire, advance: Advance,
        is_mine: Callable[[str], bool],
    ) -> None:  # fmt: skip
        self._directory, self._states, self._clock, self._open = directory, states, clock, open_
        self._fire, self._advance, self._is_mine, self._metrics = fire, advance, is_mine, states.metrics
        self._reading: dict[Trigger, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._seen: object = None
        self._told: dict[str, str] = {}
        """By trigger what holds it up just now, as it was said."""

    def refresh(self, share: object = None) -> None:
        """Take notice of triggers that have come, gone, changed, were paused or resumed; `share` is another where other ones are ours."""
        stand = (self._directory.revision, share)
        if stand == self._seen:
            return
        self._seen = stand
        found = {
            one for name, one in self._directory.all().items()
            if one.type == KafkaTrigger.name and self._is_mine(name) and self._directory.pause_of(name) is None
        }  # fmt: skip
        for trigger in self._reading.keys() - found:
            self._end(trigger)
        for trigger in sorted(found - self._reading.keys()):
            self._reading[trigger] = asyncio.ensure_future(self._read_on(trigger))

    def _end(self, trigger: Trigger) -> None:
        task = self._reading.pop(trigger)
        task.cancel()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Read nothing more."""
        for trigger in list(self._reading):
            self._end(trigger)
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _read_on(self, trigger: Trigger) -> None:
        """Read until it is told to stop, whatever happens meanwhile; of each outage the first failure is told."""
        is_told = False
        while True:
            try:
                config = config_of(trigger)
                topic = self._open(config, config.group or f"refold-{trigger.name}", trigger.since)
                try:
                    await topic.begin()
                    while True:
                        records = await topic.next()
                        is_told = False
                        if records:
                            await self._take(trigger, config, topic, records)
                finally:
                    await topic.close()
            except TopicAway as away:
                if not is_told:
                    _log.warning("trigger %s: %s; it is tried again", trigger.name, away)
                    await self._note([self._skipped(trigger, f"topic {config.topic}", "away", str(away))])
                is_told = True
            except Exception:
                _log.exception("trigger %s: its topic cannot be read, it is tried again", trigger.name)
            await asyncio.sleep(PAUSE_S)

    async def _take(self, trigger: Trigger, config: Any, topic: UserTopic, records: Sequence[TopicRecord]) -> None:
        """Start what these start; when all of it is durable, and noted, commit them."""
        fired = await asyncio.gather(*(self._start(trigger, config, one) for one in records))
        self._told.pop(trigger.name, None)
        last = next((one for one in reversed(fired) if not one.reason), None)
        await self._note([*(one for one in fired if one.reason), *(() if last is None else (last,))])
        offsets: dict[int, int] = {}
        for one in records:
            offsets[one.partition] = one.offset + 1
        await topic.commit(offsets)

    async def _start(self, trigger: Trigger, config: Any, record: TopicRecord) -> Fired:
        cause = record_cause(record)
        if record.problem:
            return self._refused(trigger, record, "headers", record.problem)
        try:
            found = seen(trigger, given_by(record, config.value))
            if config.key is not None:
                cause = _same(program(config.key).evaluate({"trigger": found}))
            said, given = triggered(trigger, cause, found), started_with(trigger, found)
        except Unfit as unfit:
            return self._refused(trigger, record, "value", str(unfit))
        except ExpressionError as error:
            return self._refused(trigger, record, "expression", str(error))
        except InvalidInput as error:  # nested too deep, for example, or so what an `input` makes of it
            return self._refused(trigger, record, "input", str(error))
        while True:
            outcome = await self._fired(trigger, said, given)
            if outcome.error is None:
                self._metrics.fired += 1
                return Fired(trigger.name, record_cause(record), self._clock.now(), outcome.execution)
            if outcome.is_final:
                reason = outcome.error.reason if isinstance(outcome.error, Rejected) else "input"
                return self._refused(trigger, record, reason, str(outcome.error))
            if self._told.get(trigger.name) != str(outcome.error):
                self._told[trigger.name] = str(outcome.error)
                _log.warning("trigger %s: %s starts nothing yet, it is tried again: %s", trigger.name, cause, outcome.error)
                if listed := waits(self._states, trigger.name, record_cause(record), self._clock.now(), outcome.error):
                    await self._note(listed)
            await asyncio.sleep(AGAIN_S)

    def _fired(self, trigger: Trigger, said: Any, given: bytes) -> asyncio.Future[Outcome]:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._fire(trigger, said, given, partial(_tell, future))
        return future

    def _refused(self, trigger: Trigger, record: TopicRecord, reason: str, said: str) -> Fired:
        self._metrics.refused += 1
        return self._skipped(trigger, record_cause(record), reason, said)

    def _skipped(self, trigger: Trigger, cause: str, reason: str, said: str) -> Fired:
        return Fired(trigger.name, cause, self._clock.now(), "", reason, said[:500])

    async def _note(self, fired: Sequence[Fired]) -> None:
        """Note it, however long that takes."""
        while True:
            future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._advance({}, fired, partial(_tell, future))
            if await future:
                return
            await asyncio.sleep(AGAIN_S)


def _tell(future: asyncio.Future[Any], found: Any) -> None:
    if not future.done():
        future.set_result(found)


def _same(key: Any) -> str:
    """The cause that a key stands for. Raises ExpressionError for one that is none."""
    if isinstance(key, bool) or not isinstance(key, str | int) or not 0 < len(str(key)) <= CAUSE_LENGTH_MAX:
        raise ExpressionError(f"`key`: expected a text of 1 to {CAUSE_LENGTH_MAX:,} characters or a whole number, found {str(key)[:100]!r}")
    return f"key/{key}"
