"""Resources: what the last record says that counts; of two who write at the same time one is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from contracts import codec
from contracts.errors import AppendUnknown, LogError, RefoldError, Rejected, UnknownRecord
from contracts.ports.log import Log, Topic
from contracts.resources import RESOURCES_MAX, Resource, ResourceWritten
from infra.clock import ManualClock
from infra.log.memory import MemoryLog
from workers.partition import resources
from workers.partition.resources import Resources


class Busy(MemoryLog):
    """A log in which others do something before an append, or the answer of which gets lost."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], object]] = []
        self.loses: list[LogError] = []

    def append(self, topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
        waiting, self.before = self.before, []
        if waiting:
            waiting.pop(0)()
        self.before = waiting
        answers = super().append(topic, batches)
        return dict.fromkeys(batches, self.loses.pop()) if self.loses else answers


def made(log: Log) -> Resources:
    return Resources(log, ManualClock(1_000))


def test_a_resource_is_what_was_written_last_and_anybody_reads_the_same() -> None:
    log = MemoryLog()
    one = made(log)
    one.write("views", "a", b'{"filter":"1"}', "ada")
    one.write("views", "a", b'{"filter":"2"}', "bob")
    one.write("views", "b", b"{}", "ada")
    one.write("webhooks", "a", b"{}", "ada")
    one.delete("views", "b", "ada")
    expected = [Resource("views", "a", b'{"filter":"2"}', 2, "bob", 1_000)]
    assert [made(log).all("views"), one.all("views")] == [expected, expected]
    assert one.find("views", "b") is None


def test_the_same_again_writes_nothing() -> None:
    log = MemoryLog()
    one = made(log)
    first = one.write("views", "a", b"{}", "ada")
    assert one.write("views", "a", b"{}", "bob", expected=7) == first
    assert one.delete("views", "a", "ada").revision == one.delete("views", "a", "ada").revision == 2
    assert log.end("resources", 0) == 2


def test_who_has_seen_an_older_revision_does_not_overwrite() -> None:
    one, other = made(log := MemoryLog()), made(log)
    one.write("views", "a", b"1", "ada")
    other.write("views", "a", b"2", "bob", expected=1)
    with pytest.raises(Rejected, match=r"views/a: revision 1 was expected, and it is at revision 2, written by bob"):
        one.write("views", "a", b"3", "ada", expected=1)
    with pytest.raises(Rejected, match="revision 0 was expected"):
        one.write("views", "a", b"3", "ada", expected=0)
    with pytest.raises(Rejected, match="revision 1 was expected, and it is"):
        one.delete("views", "a", "ada", expected=1)
    assert one.write("views", "a", b"3", "ada", expected=2).revision == 3


def test_of_two_who_append_at_the_same_time_one_counts_and_the_other_is_told() -> None:
    log = Busy()
    one, other = made(log), made(log)
    one.write("views", "a", b"1", "ada")
    log.before = [lambda: other.write("views", "a", b"2", "bob")]
    with pytest.raises(Rejected, match="at revision 2, written by bob"):
        one.write("views", "a", b"3", "ada", expected=1)
    assert log.end("resources", 0) == 3
    assert [made(log).get("views", "a").value, one.get("views", "a").value] == [b"2", b"2"]


def test_who_overwrites_whatever_is_there_comes_after_who_was_quicker() -> None:
    log = Busy()
    one, other = made(log), made(log)
    log.before = [lambda: other.write("views", "a", b"2", "bob")]
    assert one.write("views", "a", b"3", "ada").revision == 2
    assert other.write("views", "a", b"4", "bob").revision == 3
    numbers = iter(range(100, 200))
    log.before = [lambda: other.write("views", "a", b"%d" % next(numbers), "bob")] * resources.WRITES_MAX
    with pytest.raises(Rejected, match="others write it all the time"):
        one.write("views", "a", b"5", "ada")


def test_a_write_of_which_nobody_knows_whether_it_landed_may_be_asked_for_again() -> None:
    log = Busy()
    one = made(log)
    log.loses = [AppendUnknown("nobody knows")]
    with pytest.raises(AppendUnknown):
        one.write("views", "a", b"1", "ada", expected=0)
    assert one.write("views", "a", b"1", "ada", expected=0).revision == 1


def test_one_that_never_was_cannot_be_deleted_and_one_that_was_may_come_again() -> None:
    one = made(MemoryLog())
    with pytest.raises(Rejected, match="views/a: there is none of that name"):
        one.delete("views", "a", "ada")
    one.write("views", "a", b"1", "ada")
    one.delete("views", "a", "ada")
    with pytest.raises(Rejected, match="views/a: there is none"):
        one.get("views", "a")
    assert one.write("views", "a", b"1", "ada", expected=0).revision == 3


def test_what_is_no_record_or_a_newer_one_is_passed_over_and_told() -> None:
    log = MemoryLog()
    log.append("resources", {0: [b"junk", codec.pack([3, "of a newer build"]), codec.pack(ResourceWritten("views", "a", b"1", 0, "", 0))]})
    one = made(log)
    told: list[tuple[int, RefoldError]] = []
    one.hear_of_passed_over(lambda offset, content, error: told.append((offset, error)))
    assert one.write("views", "a", b"1", "ada").revision == 1
    assert [(offset, isinstance(error, UnknownRecord)) for offset, error in told] == [(0, False), (1, True), (2, False)]


def test_who_hears_is_told_of_what_counts_once() -> None:
    log = Busy()
    one, other = made(log), made(log)
    heard: list[tuple[bytes | None, int]] = []
    one.hear(lambda found: heard.append((found.value, found.revision)))
    log.before = [lambda: other.write("views", "a", b"1", "bob")]
    one.write("views", "a", b"2", "ada")
    one.delete("views", "a", "ada")
    assert heard == [(b"1", 1), (b"2", 2), (None, 3)]


def test_there_are_so_many_of_a_kind_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RESOURCES_MAX == 10_000
    monkeypatch.setattr(resources, "RESOURCES_MAX", 3)
    one = made(MemoryLog())
    for name in "abc":
        one.write("views", name, b"1", "ada")
    with pytest.raises(Rejected, match="there are 3 of them already"):
        one.write("views", "d", b"1", "ada")
    one.write("views", "c", b"2", "ada")
    one.delete("views", "c", "ada")
    one.write("views", "d", b"1", "ada")
