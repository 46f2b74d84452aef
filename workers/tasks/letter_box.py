"""The letter box: the dead letters of a log, and what people do about them. Both stand in the topic `dead-letters`.

    letter ─► open ─► sending ─┬─► sent
                ▲ │             └─► failed: open again
                │ └─► dropped, with a reason
                └──── who began to send has died: after a minute somebody else may

Each act says how many went before it. Where two are about the same letter at once, the one that stands first counts, for every
reader; so whoever has appended one looks whether it does before doing what it says.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

import msgspec

from contracts import codec
from contracts.caller import Caller
from contracts.dead_letter import DeadLetter, LetterAct
from contracts.errors import Rejected
from contracts.ports.clock import Clock
from contracts.ports.log import Log
from projections.audit import AuditRecord, letter_act
from projections.dead_letters import SENDING_MS, Letter, State, time_of, topic_of
from workers.tasks.dead_letters import DEAD_LETTERS, FRAME_BYTES

REASON_LENGTH_MAX: Final = 1_000
CHUNK: Final = 500
DOUBLES_WITHIN: Final = 10_000
"""A letter that is buried once more is known among so many, the last ones."""
LOOKED_AT_MAX: Final = 20_000
"""So many records are looked at for a page at most; it may be short, and then says where to go on."""

_letters: Final = msgspec.msgpack.Decoder(DeadLetter)
_acts: Final = msgspec.msgpack.Decoder(LetterAct)


class LetterBox:
    """One thread uses an instance at a time. It keeps the acts in memory, and reads the letters from the log."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log, self._clock = log, clock
        self._offset = 0
        self._letters = 0
        self._others: set[int] = set()
        """The offsets of what is no letter, or one that was buried once more."""
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._acts: dict[int, list[tuple[int, LetterAct]]] = {}
        """By letter the acts that count, each with the offset that it stands at."""

    @property
    def content_bytes_max(self) -> int:
        """Content of a letter that is as long as this was cut."""
        return self._log.record_bytes_max - FRAME_BYTES - 128

    def read_on(self) -> None:
        """Fold what has been appended since."""
        for offset, content in self._log.read(DEAD_LETTERS, 0, self._offset):
            self._offset = offset + 1
            letter = _letter_in(content)
            if letter is not None and self._is_new(letter):
                self._letters += 1
                continue
            self._others.add(offset)
            if letter is None and (act := _act_in(content)) is not None:
                self._take(offset, act)

    def _is_new(self, letter: DeadLetter) -> bool:
        """Whoever has died before it knew that a letter was buried buries it once more."""
        digest = hashlib.blake2b(letter.origin.encode() + b"\0" + letter.content, digest_size=16).digest()
        if digest in self._known:
            return False
        self._known[digest] = None
        if len(self._known) > DOUBLES_WITHIN:
            self._known.popitem(last=False)
        return True

    def _take(self, offset: int, act: LetterAct) -> None:
        if not 0 <= act.letter < offset or act.letter in self._others:
            return
        known = self._acts.setdefault(act.letter, [])
        if act.revision == len(known) + 1:
            known.append((offset, act))

    def acts(self) -> list[AuditRecord]:
        """Who has sent or dropped which letter."""
        self.read_on()
        rows = (letter_act(*act) for acts in self._acts.values() for act in acts)
        return [row for row in rows if row is not None]

    @property
    def open(self) -> int:
        """How many letters wait for somebody."""
        return self._letters - sum(acts[-1][1].act in ("sent", "dropped") for acts in self._acts.values() if acts)

    def find(self, number: int) -> Letter:
        """The letter at an offset. Raises Rejected where there is none."""
        self.read_on()
        is_there = 0 <= number < self._offset and number not in self._others
        records = self._log.read(DEAD_LETTERS, 0, number, number + 1) if is_there else ()
        letter = next((_letter_in(content) for _, content in records), None)
        if letter is None:
            raise Rejected("unknown_dead_letter", f"there is no dead letter {number}", letter=number)
        return self._with_acts(number, letter)

    def _with_acts(self, number: int, letter: DeadLetter) -> Letter:
        return Letter(number, letter, tuple(act for _, act in self._acts.get(number, ())))

    def page(self, state: State | None, topic: str | None, before: int | None, limit: int) -> tuple[list[Letter], int | None]:
        """The letters before an offset, the last one first, of a state and a topic; and where to go on, None at the end."""
        self.read_on()
        end = self._offset if before is None else min(before, self._offset)
        stop, found = max(0, end - LOOKED_AT_MAX), list[Letter]()
        for letter in self._backwards(end, stop):
            if state in (None, letter.state) and topic in (None, topic_of(letter.letter)):
                found.append(letter)
            if len(found) == limit:
                return found, letter.number or None
        return found, stop or None

    def _backwards(self, end: int, stop: int) -> Iterator[Letter]:
        while end > stop:
            start = max(stop, end - CHUNK)
            records = self._log.read(DEAD_LETTERS, 0, start, end)
            there = [(offset, _letter_in(content)) for offset, content in records if offset not in self._others]
            yield from (self._with_acts(offset, letter) for offset, letter in reversed(there) if letter is not None)
            end = start

    # What is done about them.

    def next_act(self, number: int, act: str, reason: str, caller: Caller) -> bytes:
        """The record of an act about a letter, to be appended. Raises Rejected where the letter is not to be had for it."""
        letter, now = self.find(number), self._clock.now()
        if act in ("sending", "dropped"):
            _check_free(letter, now)
        return codec.pack(LetterAct(number, act, len(letter.acts) + 1, *caller, reason[:REASON_LENGTH_MAX], now))

    def settle(self, number: int, offset: int) -> Letter:
        """The letter, once the act at an offset counts. Raises Rejected where somebody else was quicker."""
        letter = self.find(number)
        if all(at != offset for at, _ in self._acts.get(number, ())):
            _check_free(letter, 0)
            raise Rejected("overtaken", f"somebody else has just tried the same with dead letter {number}: look again", letter=number)
        return letter


def _check_free(letter: Letter, now: int) -> None:
    last = letter.acts[-1] if letter.acts else None
    if last is None or letter.state == "open" or (letter.state == "sending" and now >= last.recorded_at + SENDING_MS):
        return
    who, when = last.actor or "the engine", time_of(last.recorded_at)
    said = f"dead letter {letter.number} " + ("is being sent" if letter.state == "sending" else f"was {letter.state}")
    way_out = f"; whoever has died over it is not waited for longer than {SENDING_MS // 1000} s" if letter.state == "sending" else ""
    raise Rejected(f"already_{letter.state}", f"{said} by {who} at {when}{way_out}", letter=letter.number)


def _letter_in(content: bytes) -> DeadLetter | None:
    try:
        return _letters.decode(content)
    except msgspec.MsgspecError:
        return None


def _act_in(content: bytes) -> LetterAct | None:
    try:
        return _acts.decode(content)
    except msgspec.MsgspecError:
        return None
