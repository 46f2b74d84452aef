"""The rounds of all partitions that this process owns: each owner decides what waits, one append serves all of them.

    wake ─► each owner decides what waits ─► one append to the journal ─► each looks at its offset, and acts ─► wake

Nothing may be read from an owner's memory while its round is under way: it is ahead of the journal (`settled`, `between`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from contracts.errors import LogError, LogUnreachable
from contracts.ports.clock import Clock
from workers.cluster.decided_commands import drop_decided
from workers.cluster.held_blobs import HeldBlobs
from workers.cluster.owned import Owned
from workers.cluster.ports import ClusterLog
from workers.partition.metrics import Metrics
from workers.partition.owner import Owner
from workers.partition.round import Round, letters_of

SLEEP_MAX_S: Final = 1.0
SLEEP_MIN_S: Final = 0.001

T = TypeVar("T")
_log = logging.getLogger("refold.cluster")


class Rounds:
    """Lives in the event loop. `owned` is what takes part, at every moment; `failed` gets what ends the process.

    `held` is what the rounds that are decided make big.
    """

    def __init__(
        self,
        log: ClusterLog,
        owned: Mapping[int, Owned],
        clock: Clock,
        failed: asyncio.Future[None],
        held: HeldBlobs,
    ) -> None:
        self._log, self._owned, self._clock, self._failed, self._held = log, owned, clock, failed, held
        self._loop = asyncio.get_running_loop()
        self.counted = Metrics()
        """Appends of all rounds."""
        self._round: asyncio.Task[None] | None = None
        self._between: list[Callable[[], None]] = []
        """Who reads when the round that is under way has ended."""
        self._is_due = self._is_stopped = False
        self._timer: asyncio.TimerHandle | None = None

    async def settled(self, read: Callable[[], T]) -> T:
        """What is read between two rounds, when memory is what the journal says; under load the next begins as soon as one ends."""
        future: asyncio.Future[T] = self._loop.create_future()

        def answer() -> None:
            try:
                found = read()
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
                return
            if not future.done():
                future.set_result(found)

        self.between(answer)
        return await future

    def _read(self, read: Callable[[], None]) -> None:
        """A mistake of whoever reads is no reason to decide nothing any more."""
        try:
            read()
        except Exception:
            _log.exception("what was to be done between two rounds failed")

    def between(self, read: Callable[[], None]) -> None:
        """Read now, or when the round that is under way has ended."""
        if self._round is None:
            self._read(read)
        else:
            self._between.append(read)

    def wake(self) -> None:
        """There is something to do; many times in one turn of the loop is once."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._move)

    def _move(self) -> None:
        self._is_due = False
        if self._round is not None or self._is_stopped:
            return
        try:
            rounds = self._decide()
        except Exception as error:
            if not self._failed.done():
                self._failed.set_exception(error)
            return
        if rounds:
            self._round = asyncio.ensure_future(self._keep(rounds))
            self._round.add_done_callback(self._look_at)
        elif not self._is_due:
            self._sleep()

    def _decide(self) -> list[tuple[Owned, Round]]:
        now = self._clock.now()
        rounds: list[tuple[Owned, Round]] = []
        for owned in list(self._owned.values()):
            owner = owned.owner
            if not owner.is_in_charge or owned.is_leaving:
                continue
            if not owner.collect(now):
                if owner.rest():
                    self.wake()
            elif (made := owner.begin(now)) is not None:
                rounds.append((owned, made))
            if not owner.is_in_charge:
                owned.moves.stood_down(owned)
        return rounds

    async def _keep(self, rounds: list[tuple[Owned, Round]]) -> None:
        """Append the rounds in one request, and act on those that stand."""
        batches = {owned.partition: made.records for owned, made in rounds if made.records}
        try:
            answers = await self._append(batches)
            for owned, made in rounds:
                await self._settle(owned, made, answers.get(owned.partition))
        finally:
            self._round = None
            between, self._between = self._between, []
            for read in between:
                self._read(read)
        self.wake()

    async def _append(self, batches: Mapping[int, list[bytes]]) -> Mapping[int, int | LogError]:
        """Store what the rounds make big, and then append them; where that cannot be stored, none of them has happened."""
        if (store := self._held.store()) is not None:
            try:
                await self._loop.run_in_executor(None, store)
            except LogError as error:
                return dict.fromkeys(batches, error)
            finally:
                self._held.stored()
        if not batches:
            return {}
        began = time.perf_counter()
        answers = await self._log.append_round(batches)
        self.counted.appends.observe(time.perf_counter() - began)
        return answers

    async def _settle(self, owned: Owned, made: Round, answer: int | LogError | None) -> None:
        owner = owned.owner
        gap: list[tuple[int, bytes]] = []
        try:
            if answer is None:
                answer = await self._log.end("journal", owned.partition, made.base) if made.must_confirm else made.base
            elif isinstance(answer, int) and answer > made.base:
                gap = await self._loop.run_in_executor(None, self._read_gap, owned.partition, made.base, answer)
        except LogUnreachable as error:
            answer = error
        is_durable = owner.stands(made, answer, gap) and (not made.dead or await self._buries(owner, made))
        if is_durable and (not made.thrown_away or await self._throws_away(owned, made)):
            owner.act(made)
            owned.moves.acted(owned)
        if not owner.is_in_charge and not owned.is_leaving:
            owned.moves.stood_down(owned)

    def _read_gap(self, partition: int, start: int, end: int) -> list[tuple[int, bytes]]:
        return list(self._log.log.read("journal", partition, start, end))

    async def _buries(self, owner: Owner, made: Round) -> bool:
        answer = (await self._log.append("dead-letters", {0: letters_of(made)}))[0]
        return owner.buries(made, answer)

    async def _throws_away(self, owned: Owned, made: Round) -> bool:
        """The keys of what is erased go, and the commands that were decided before with them; then whoever asked may hear of it."""
        owner = owned.owner
        why = await self._loop.run_in_executor(None, owner.throw_away, made)
        if not owner.has_thrown_away(made, why):
            return False
        await drop_decided(self._log, owned.partition, owner.checkpoint)
        return True

    def _sleep(self) -> None:
        """Until something is due."""
        dues = [due for owned in self._owned.values() if owned.owner.is_in_charge and (due := owned.owner.next_due()) is not None]
        pause = SLEEP_MAX_S if not dues else (min(dues) - self._clock.now()) / 1000
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(min(SLEEP_MAX_S, max(SLEEP_MIN_S, pause)), self.wake)

    def _look_at(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def stop(self) -> None:
        """No further round; the one that is under way ends."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        await self.settled(_nothing)


def _nothing() -> None: ...
