"""The letter box: who may do what with a dead letter, whatever two people do at once and wherever one of them dies."""

from __future__ import annotations

import msgspec
import pytest

from contracts import codec
from contracts.caller import Caller
from contracts.dead_letter import DeadLetter
from contracts.errors import Rejected
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from projections.dead_letters import SENDING_MS
from tests.cluster.junk import JUNK
from workers.tasks.letter_box import CHUNK, LetterBox

ADA, BOB = Caller("ada", "1"), Caller("bob", "2")


class Desk:
    """A log with letters, and people with a letter box each."""

    def __init__(self, letters: int = 1) -> None:
        self.log, self.clock = MemoryLog(), ManualClock(1_000_000)
        self.bury(*(f"letter {number}".encode() for number in range(letters)))

    def bury(self, *contents: bytes, origin: str = "commands/0@1") -> None:
        for content in contents:
            self.append(codec.pack(DeadLetter(content, "junk", origin, 1)))

    def append(self, record: bytes) -> int:
        answer = self.log.append("dead-letters", {0: [record]})[0]
        assert isinstance(answer, int)
        return answer

    def box(self) -> LetterBox:
        return LetterBox(self.log, self.clock)

    def act(self, act: str, caller: Caller = ADA, number: int = 0) -> str:
        box = self.box()
        return box.settle(number, self.append(box.next_act(number, act, "why", caller))).state


def test_a_letter_is_open_until_it_was_sent() -> None:
    desk = Desk()
    assert (desk.box().find(0).state, desk.box().page(None, None, None, 10)[0][0].letter.content) == ("open", b"letter 0")
    assert desk.act("sending") == "sending"
    assert desk.act("sent") == "sent"
    (letter,) = desk.box().page("sent", None, None, 10)[0]
    assert [(act.act, act.actor, act.reason) for act in letter.acts] == [("sending", "ada", "why"), ("sent", "ada", "why")]


@pytest.mark.parametrize("act", ["sending", "dropped"])
def test_of_two_at_once_one_has_the_letter_and_the_other_is_told_who(act: str) -> None:
    desk = Desk()
    one, other = desk.box(), desk.box()
    mine, theirs = one.next_act(0, act, "", ADA), other.next_act(0, "sending", "", BOB)
    first, second = desk.append(mine), desk.append(theirs)
    assert one.settle(0, first).acts[-1].actor == "ada"
    with pytest.raises(Rejected, match="by ada at") as refused:
        other.settle(0, second)
    assert refused.value.reason == f"already_{act}"


def test_two_that_say_the_very_same_are_told_apart() -> None:
    desk = Desk()
    one, other = desk.box(), desk.box()
    records = one.next_act(0, "sending", "", ADA), other.next_act(0, "sending", "", ADA)
    assert records[0] == records[1]
    first, second = map(desk.append, records)
    one.settle(0, first)
    with pytest.raises(Rejected):
        other.settle(0, second)


@pytest.mark.parametrize("act", ["sending", "dropped"])
@pytest.mark.parametrize("ended", ["sent", "dropped"])
def test_what_was_sent_or_dropped_stays_so_also_after_a_crash(act: str, ended: str) -> None:
    desk = Desk()
    if ended == "sent":
        desk.act("sending")
    desk.act(ended)
    desk.clock.advance(10 * SENDING_MS)
    with pytest.raises(Rejected) as refused:
        desk.act(act, BOB)
    assert refused.value.reason == f"already_{ended}"


def test_what_could_not_be_sent_is_open_again() -> None:
    desk = Desk()
    desk.act("sending")
    assert desk.act("failed") == "open"
    assert desk.act("sending", BOB) == "sending"


@pytest.mark.parametrize("passed", [SENDING_MS - 1, SENDING_MS])
def test_a_letter_whose_sender_has_died_is_free_after_a_minute(passed: int) -> None:
    desk = Desk()
    desk.act("sending")
    desk.clock.advance(passed)
    if passed < SENDING_MS:
        with pytest.raises(Rejected, match="is being sent by ada"):
            desk.act("sending", BOB)
    else:
        assert desk.act("sending", BOB) == "sending"


def test_who_comes_back_after_another_has_taken_over_changes_nothing() -> None:
    desk = Desk()
    slow = desk.box()
    offset = desk.append(slow.next_act(0, "sending", "", ADA))
    slow.settle(0, offset)
    late = slow.next_act(0, "sent", "", ADA)
    desk.clock.advance(SENDING_MS)
    desk.act("sending", BOB)
    desk.append(late)
    assert [act.actor for act in desk.box().find(0).acts] == ["ada", "bob"]


def test_junk_between_letters_and_acts_is_passed_over() -> None:
    desk = Desk(2)
    for content in JUNK:
        desk.append(content)
    desk.act("dropped", number=1)
    desk.append(msgspec.msgpack.encode(["act", 7, "dropped", 1, "", "", "", 0]))
    box = desk.box()
    assert [letter.number for letter in box.page(None, None, None, 100)[0]] == [1, 0]
    assert box.open == 1
    for number in (2, 10_000, -1):
        with pytest.raises(Rejected) as refused:
            box.find(number)
        assert refused.value.reason == "unknown_dead_letter"


def test_a_letter_that_is_buried_once_more_is_one() -> None:
    desk = Desk()
    desk.act("dropped")
    desk.bury(b"letter 0")
    desk.bury(b"letter 0", origin="commands/0@2")
    box = desk.box()
    assert [letter.number for letter in box.page(None, None, None, 10)[0]] == [3, 0]
    assert box.open == 1
    with pytest.raises(Rejected):
        desk.box().find(2)


def test_pages_go_back_through_all_letters_with_none_twice_while_more_come() -> None:
    desk = Desk(CHUNK * 2 + 7)
    seen, before = list[int](), None
    while True:
        found, before = desk.box().page("open", None, before, 100)
        seen += [letter.number for letter in found]
        desk.bury(b"new")
        if before is None:
            break
    assert seen == list(range(CHUNK * 2 + 7))[::-1]


def test_a_page_takes_those_of_a_topic() -> None:
    desk = Desk(3)
    desk.bury(b"other", origin="journal/1@5")
    assert [letter.number for letter in desk.box().page(None, "journal", None, 10)[0]] == [3]
