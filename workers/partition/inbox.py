"""The inbox of an owner: what waits to be decided. Callers come before echoes, and echoes are shared out among families.

callers   what clients and workers bring, and what stands in `commands`: in the order in which it came
echoes    what executions send each other and themselves (children, signals, timers, turns): one of each family in turn

A family is an execution that was started from outside, with its children and theirs. However much one of them sends,
a caller waits behind other callers only, and another family's echo behind one echo of each family.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from contracts.commands import (
    AdmitExecution,
    Command,
    Envelope,
    FireTimer,
    GrantSlot,
    HoldActivity,
    ReclaimSlot,
    RefuseSlot,
    ReleaseActivity,
    ReportToBreaker,
    SkipTime,
)
from contracts.errors import LogError, Overloaded
from contracts.ids import root_of
from workers.partition.offload import size_of
from workers.partition.round import Item, refuse

INBOX_MAX_DEFAULT: Final = 10_000
"""So many commands of callers may wait."""
ROUND_BYTES_MAX: Final = 1024 * 1024
"""So many bytes of commands are taken into one round."""
ECHO_SHARE: Final = 4
"""Where both wait, at least every so-manieth command of a round is an echo."""


class Inbox:
    """The commands that wait, and who they are of."""

    def __init__(self) -> None:
        self.callers: deque[Item] = deque()
        self._echoes: dict[str, deque[Item]] = {}
        """By family; the family that is first was served longest ago."""
        self._echo_count = 0
        self._unsure = 0
        """So many callers at the front were in a round of which nobody knows whether it landed."""

    def __len__(self) -> int:
        return len(self.callers) + self._echo_count

    def __iter__(self) -> Iterator[Item]:
        yield from self.callers
        for echoes in self._echoes.values():
            yield from echoes

    def admit(self, item: Item, most: int) -> None:
        """Take in what a caller brings. Raises Overloaded where so many callers wait."""
        waiting = len(self.callers)
        if waiting >= most:
            raise Overloaded(f"{waiting} commands wait; the limit is {most}")
        self.callers.append(item)

    def put(self, item: Item) -> None:
        """Behind those of its sort."""
        if is_echo(item):
            self._of_family(item).append(item)
            self._echo_count += 1
        else:
            self.callers.append(item)

    def put_all(self, items: Iterable[Item]) -> None:
        """Each of them."""
        for item in items:
            self.put(item)

    def send(self, envelopes: Iterable[Envelope]) -> None:
        """Commands that can be derived again from the states alone, so that nothing is lost with them."""
        for envelope in envelopes:
            self.put(Item(envelope, None))

    def put_back(self, items: Iterable[Item]) -> None:
        """In front of those of its sort, in the order given: they were taken, and have to be decided again."""
        for item in reversed(list(items)):
            if is_echo(item):
                self._of_family(item).appendleft(item)
                self._echo_count += 1
            else:
                self.callers.appendleft(item)

    def give_back(self, items: Iterable[Item]) -> None:
        """The same, of a round that may have landed."""
        before = len(self.callers)
        self.put_back(items)
        self._unsure = len(self.callers) - before

    def refuse(self, error: LogError) -> bool:
        """Tell the callers who wait, but those who may have been heard: to refuse them would not be true. Whether there was any."""
        waiting = list(islice(self.callers, self._unsure, None))
        left = refuse(waiting, error)
        self.callers = deque([*islice(self.callers, self._unsure), *left])
        return len(left) < len(waiting)

    def keep(self, wanted: Callable[[Item], bool]) -> None:
        """Drop all others."""
        kept = [item for item in self if wanted(item)]
        self.clear()
        for item in kept:
            self.put(item)

    def clear(self) -> None:
        """Drop all."""
        self.callers.clear()
        self._echoes.clear()
        self._echo_count = self._unsure = 0

    def waiting_of(self, family: str) -> int:
        """How many echoes of a family wait."""
        return len(self._echoes.get(family, ()))

    def take(self, items_max: int) -> tuple[list[Item], list[Item]]:
        """What makes up the next round: callers, and echoes. Of each sort at least one, where any waits."""
        room = items_max - max(1, items_max // ECHO_SHARE) if self._echo_count else items_max
        callers: list[Item] = []
        size = 0
        while self.callers and len(callers) < max(1, room) and size < ROUND_BYTES_MAX:
            item = self.callers.popleft()
            size += size_of(item.envelope.command)
            callers.append(item)
        return callers, self._take_echoes(max(1, items_max - len(callers)), ROUND_BYTES_MAX - size)

    def _take_echoes(self, items_max: int, bytes_max: int) -> list[Item]:
        taken: list[Item] = []
        size = 0
        while self._echoes and len(taken) < items_max and (size < bytes_max or not taken):
            family, echoes = next(iter(self._echoes.items()))
            item = echoes.popleft()
            del self._echoes[family]
            if echoes:
                self._echoes[family] = echoes  # behind all others
            size += size_of(item.envelope.command)
            taken.append(item)
        self._echo_count -= len(taken)
        return taken

    def _of_family(self, item: Item) -> deque[Item]:
        family = family_of(item)
        echoes = self._echoes.get(family)
        if echoes is None:
            echoes = self._echoes[family] = deque()
        return echoes


def reported(execution: str, command: Command) -> Item:
    """What a worker reports, or a timer that is due: nobody waits for the answer."""
    return Item(Envelope("", execution, command), None)


OF_THE_OWNER: Final = (
    FireTimer, SkipTime, GrantSlot, ReclaimSlot, RefuseSlot, AdmitExecution, HoldActivity, ReleaseActivity, ReportToBreaker,
)  # fmt: skip
"""What an owner itself sends to executions, as they wait for it."""


def is_echo(item: Item) -> bool:
    """Whether an execution has sent it, another one or the same. What stands in `commands` keeps its order, whoever sent it."""
    if item.offset >= 0 or item.reply is not None:
        return False
    return item.origin >= 0 or isinstance(item.envelope.command, OF_THE_OWNER)


def is_turn(item: Item) -> bool:
    """Whether it lets an execution go on whose turn it is: whoever takes over gives those turns anew."""
    return isinstance(item.envelope.command, GrantSlot | AdmitExecution | ReleaseActivity)


def family_of(item: Item) -> str:
    """The family that an echo counts against: that of its sender."""
    envelope = item.envelope
    return root_of(envelope.causation if item.origin >= 0 and envelope.causation else envelope.execution)
