"""The member table: which process holds which node name, and which of them are alive. Pure; time is the topic's own.

A process that comes with the name of one that seems alive is a joiner. It holds the name as soon as it says a `since`
that is later than the holder's; a holder that lives has contested that by then, and the joiner has to go. A former
holder that was frozen and says something again has an earlier `since`, and is passed over. The order of the records
decides, so all readers agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.members import Heartbeat

SESSION_MS_DEFAULT: Final = 6_000
"""A node that was silent for so long is dead."""
FORGET_MS: Final = 60_000
"""A node that has been dead for so long is forgotten."""


class Member:
    """A node: the last heartbeat of the process that holds its name, and when that came."""

    __slots__ = ("heard_at", "joiner", "said", "seen")

    def __init__(self, said: Heartbeat, seen: int, heard_at: int) -> None:
        self.said = said
        self.seen = seen
        """In the topic's own time."""
        self.heard_at = heard_at
        """In the broker's: milliseconds since 1970."""
        self.joiner: Member | None = None
        """Another process that wants the name."""


class MemberTable:
    """The nodes, by name."""

    def __init__(self, session_ms: int = SESSION_MS_DEFAULT) -> None:
        self._session_ms = session_ms
        self._timestamp: int | None = None
        self.now = 0
        self.members: dict[str, Member] = {}

    def pass_time(self, timestamp_ms: int) -> None:
        """Move the topic's time on to a record's. Not back; and a long silence of all is no reason to take anybody for dead."""
        step = 0 if self._timestamp is None else timestamp_ms - self._timestamp
        self.now += max(0, min(step, self._session_ms // 2))
        self._timestamp = timestamp_ms
        dead = [name for name, member in self.members.items() if self.now - member.seen > FORGET_MS and not self._has_joiner(member)]
        for name in dead:
            del self.members[name]

    def hear(self, said: Heartbeat, timestamp_ms: int) -> None:
        """Take a heartbeat in."""
        member = self.members.get(said.node)
        came = Member(said, self.now, timestamp_ms)
        if member is None:
            self.members[said.node] = came
        elif said.incarnation == member.said.incarnation:
            self._go_on(member, came)
        elif not self.is_there(member):
            self.members[said.node] = came
        elif said.incarnation not in member.said.contested:
            self._join(member, came)

    def _go_on(self, member: Member, came: Member) -> None:
        if came.said.beat <= member.said.beat:
            return  # it was held up on its way
        member.said, member.seen, member.heard_at = came.said, came.seen, came.heard_at
        if member.joiner is not None and member.joiner.said.incarnation in came.said.contested:
            member.joiner = None

    def _join(self, member: Member, came: Member) -> None:
        if came.said.since == 0:
            member.joiner = came
        elif (came.said.since, came.said.incarnation) > (member.said.since, member.said.incarnation):
            self.members[came.said.node] = came

    def is_alive(self, member: Member) -> bool:
        """Whether its process was heard of within a session."""
        return self.now - member.seen <= self._session_ms

    def next_death(self) -> int | None:
        """After so many milliseconds from now the first of the living is dead, if nothing more is heard of it."""
        silences = [self.now - member.seen for member in self.members.values() if self.is_alive(member)]
        return self._session_ms - max(silences) + 1 if silences else None

    def is_there(self, member: Member) -> bool:
        """Whether it is alive, and has not said good-bye: it leaves, and has nothing any more."""
        return self.is_alive(member) and not (member.said.leaving and not member.said.partitions)

    def _has_joiner(self, member: Member) -> bool:
        return member.joiner is not None and self.is_alive(member.joiner)

    def living(self) -> Iterator[tuple[str, Member]]:
        """The nodes that are alive, by name; one whose next process is about to take over its name is."""
        for name in sorted(self.members):
            member = self.members[name]
            if self.is_alive(member) or self._has_joiner(member):
                yield name, member
