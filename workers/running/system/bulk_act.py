"""`refold.bulk_act`: gives each execution of a page its command, at a measured pace, and says what became of each.

A page that may have been begun before, by a process that died, is looked at first: what has had its command does not get another.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from pydantic import Field

from contracts.caller import Caller
from contracts.errors import LogError, Overloaded, RecordTooLarge, RefoldError, Rejected
from contracts.ports.activities import ActivityContext
from domain.bulk import ACTIONS
from domain.bulk.action import Action, Aim, Row
from workers.running.activities import config as configs
from workers.running.desk import Desk, Operator

AT_A_TIME: Final = 32
"""So many commands of a page are under way at a time."""
OPERATIONS_MAX: Final = 1_000
"""Of so many operations is remembered which pages were acted on here."""
TRIES_MAX: Final = 100
Result: TypeAlias = Literal["ok", "skipped", "failed"]


class BulkActConfig(configs.Config):
    """A page of an operation."""

    action: str
    details: dict[str, Any] = Field(default_factory=dict)
    actor: str = ""
    rate: float = 200.0
    incidents: str | None = None
    page: int
    executions: list[str]
    offsets: dict[str, int]


class Outcome(NamedTuple):
    """What became of one execution."""

    execution: str
    result: Result
    why: str = ""


class BulkAct:
    """Acts on the executions of a page."""

    name = "refold.bulk_act"
    summary = "Gives each execution of a page of a bulk operation its command."
    Config = BulkActConfig
    at_a_time = 8

    def __init__(self, desk: Desk) -> None:
        self._desk, self._pages = desk, _Pages()

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """`{ok, skipped, failed, rows}`, the rows as `[execution, result, why]`."""
        wanted = configs.read_config(BulkActConfig, config)
        is_new = self._pages.begin(context.execution, wanted.page) and context.attempt == 1

        async def act(operator: Operator) -> list[Outcome]:
            return await _Page(operator, wanted, context.execution, is_new and operator.is_alone).act()

        outcomes = self._desk.call(context, act)
        self._pages.end(context.execution, wanted.page)
        counted = Counter(one.result for one in outcomes)
        return {**{result: counted[result] for result in ("ok", "skipped", "failed")}, "rows": [list(one) for one in outcomes]}


class _Pages:
    """Which pages were acted on in this process: one is surely new where the one before was, and it was not begun here yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """By operation the last page that was begun, and the last one that was done."""

    def begin(self, operation: str, page: int) -> bool:
        """Whether nobody can have begun this page before, as far as this process is the only one."""
        with self._lock:
            begun, done = self._known.pop(operation, (-1, -2))
            self._known[operation] = max(begun, page), done
            while len(self._known) > OPERATIONS_MAX:
                self._known.popitem(last=False)
            return begun < page and done == page - 1

    def end(self, operation: str, page: int) -> None:
        """It is done."""
        with self._lock:
            if operation in self._known:
                self._known[operation] = self._known[operation][0], page


class _Page:
    """A page under way, in the event loop."""

    def __init__(self, operator: Operator, wanted: BulkActConfig, operation: str, is_new: bool) -> None:
        self._operator, self._wanted, self._operation, self._is_new = operator, wanted, operation, is_new
        self._action: Action = ACTIONS[wanted.action]
        self._caller = Caller(wanted.actor, operation)
        self._offsets: Mapping[int, int] = {int(partition): offset for partition, offset in wanted.offsets.items()}

    async def act(self) -> list[Outcome]:
        """What became of each, in the order of the page. Raises what may pass: then all of it is done again, by who looks first."""
        rows = await self._operator.rows(self._wanted.executions, self._wanted.incidents)
        free, began = asyncio.Semaphore(AT_A_TIME), asyncio.get_running_loop().time()

        async def one(execution: str) -> Outcome:
            async with free:
                return await self._one(execution, rows.get(execution))

        try:
            async with asyncio.TaskGroup() as group:
                tasks: list[asyncio.Task[Outcome]] = []
                for number, execution in enumerate(self._wanted.executions):
                    await _until(began + number / self._wanted.rate)
                    tasks.append(group.create_task(one(execution)))
        except* LogError as group_of:
            raise _first(group_of) from None
        await _until(began + len(tasks) / self._wanted.rate)
        return [task.result() for task in tasks]

    async def _one(self, execution: str, row: Row | None) -> Outcome:
        if not self._is_new and await self._operator.has_acted(execution, self._caller, self._offsets):
            return Outcome(execution, "ok")
        if row is None:
            return Outcome(execution, "ok") if self._action.removes else Outcome(execution, "skipped", "it is not there any more")
        nothing = self._action.nothing_to_do(row)
        for command in self._action.commands(Aim(row, self._wanted.details, self._operation)):
            outcome = await self._give(execution, command)
            if outcome is not None:
                return outcome
        return Outcome(execution, "ok" if nothing is None else "skipped", nothing or "")

    async def _give(self, execution: str, command: Any) -> Outcome | None:
        """None where it was taken."""
        for _ in range(TRIES_MAX):
            try:
                await self._operator.give(execution, command, self._caller)
            except Overloaded as error:
                await asyncio.sleep(error.retry_after_s)
            except Rejected as error:
                return Outcome(execution, "skipped", error.message)
            except RecordTooLarge as error:
                return Outcome(execution, "failed", str(error))
            except LogError:
                raise
            except RefoldError as error:
                return Outcome(execution, "failed", str(error))
            else:
                return None
        return Outcome(execution, "failed", "too many commands wait, however often it was tried")


def _first(group: BaseExceptionGroup[LogError]) -> LogError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _until(time: float) -> None:
    left = time - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)
