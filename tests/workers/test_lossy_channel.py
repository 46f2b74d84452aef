"""The lossy channel: everything that attempts tell while somebody listens, the oldest dropped where there is no room, and nobody waits."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from contracts.commands import Command, ReportProgress, RunActivity
from contracts.ports.activities import ActivityContext
from contracts.ports.lossy_channel import Listener, Passing
from contracts.worker_protocol import Poll, Result
from infra.clock import ManualClock
from infra.files.blobs import MemoryBlobs
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.running.memory_channel import MemoryChannel
from workers.tasks.leases import TaskLeases


def passing(number: int, execution: str = "e") -> Passing:
    return Passing(execution, "n", 1, "progress", str(number).encode())


def values(listener: Listener) -> tuple[list[Any], int]:
    taken = listener.take()
    return [json.loads(one.value) for one in taken.passing], taken.dropped


def test_the_oldest_is_dropped_where_there_is_no_room_and_it_is_said_how_many() -> None:
    channel = MemoryChannel()
    listener = channel.listen(lambda: None, room=3)
    for number in range(3):
        channel.put(passing(number))
    assert values(listener) == ([0, 1, 2], 0)
    for number in range(10):
        channel.put(passing(number))
    assert values(listener) == ([7, 8, 9], 7)
    assert values(listener) == ([], 0)


def test_a_listener_is_woken_once_until_it_has_taken_what_came() -> None:
    channel = MemoryChannel()
    woken: list[int] = []
    listener = channel.listen(lambda: woken.append(1))
    for number in range(5):
        channel.put(passing(number))
    assert len(woken) == 1
    listener.take()
    channel.put(passing(6))
    assert len(woken) == 2


def test_each_hears_of_what_it_listens_to_until_it_ends() -> None:
    channel = MemoryChannel()
    assert not channel.is_heard("e")
    one, all_ = channel.listen(lambda: None, "e"), channel.listen(lambda: None)
    channel.put(passing(1, "e"))
    channel.put(passing(2, "other"))
    assert (values(one)[0], values(all_)[0]) == ([1], [1, 2])
    all_.end()
    all_.end()
    assert (channel.is_heard("e"), channel.is_heard("other")) == (True, False)
    channel.put(passing(3, "e"))
    assert (values(one)[0], values(all_)[0]) == ([3], [])


def test_one_that_cannot_be_woken_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    channel = MemoryChannel()

    def breaks() -> None:
        raise RuntimeError("gone")

    channel.listen(breaks)
    listener = channel.listen(lambda: None)
    with caplog.at_level(logging.ERROR, "refold.activity"):
        channel.put(passing(1))
    assert values(listener) == ([1], 0)
    assert "could not be woken" in caplog.text


class _Slow:
    name, summary, Config = "slow", "tells how far it is", None

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> None:
        for progress, detail in ((0.1, None), (0.2, "a"), (0.3, object()), (None, "b")):
            context.heartbeat(progress, detail)


def test_progress_that_is_not_recorded_as_an_event_is_heard_all_the_same() -> None:
    channel, told = MemoryChannel(), list[Command]()
    kinds = {"slow": _Slow()}
    worker = ActivityWorker(
        kinds, ActivitySettings(), lambda _, command: told.append(command), ManualClock(0), executor="inline", channel=channel
    )
    listener = channel.listen(lambda: None, "e")
    worker.run(RunActivity("e", "n", 1, "slow", b"{}", b"null"))
    worker.step()
    assert [command.progress for command in told if isinstance(command, ReportProgress)] == [0.1]
    found, _ = values(listener)
    assert [one["progress"] for one in found] == [0.1, 0.2, 0.3, 0.3]
    assert [one["detail"] for one in found if one["progress"] != 0.3] == [None, "a"]
    assert list(found[2]["detail"]) == ["invalid"]


def test_progress_of_a_worker_elsewhere_is_heard_however_often_it_comes() -> None:
    channel = MemoryChannel()
    settings, clock, blobs = ActivitySettings(), ManualClock(0), MemoryBlobs()
    local = ActivityWorker({}, settings, lambda *_: None, clock, blobs, executor="inline")
    leases = TaskLeases(local, {}, settings, lambda *_: None, clock, blobs, channel=channel)
    leases.run(RunActivity("e", "n", 1, "theirs", b"{}", b"null"))
    [task] = leases.poll(Poll(protocol=1, worker="w", kinds=("theirs",), credits=1, wait_s=0)).tasks
    listener = channel.listen(lambda: None, "e")
    recorded = [leases.receive("w", Result(task=task.task, progress=progress)) for progress in (0.1, 0.2, 0.3)]
    assert [command is None for command in recorded] == [False, True, True]
    assert [one["progress"] for one in values(listener)[0]] == [0.1, 0.2, 0.3]


# Texts


def said(listener: Listener) -> list[tuple[int, str, bool]]:
    return [(one["seq"], one["text"], one.get("reset", False)) for one in values(listener)[0]]


def test_who_listens_late_is_told_all_of_a_text_so_far_and_each_piece_once() -> None:
    channel, woken = MemoryChannel(), list[int]()
    early = channel.listen(lambda: None, "e")
    channel.say("e", "n", 1, "Hel", False)
    channel.say("e", "n", 1, "lo", False)
    late = channel.listen(lambda: woken.append(1), "e")
    channel.say("e", "n", 1, "!", False)
    assert said(early) == [(1, "Hel", True), (2, "lo", False), (3, "!", False)]
    assert said(late) == [(2, "Hello", True), (3, "!", False)]
    assert woken == [1]


def test_another_attempt_and_another_request_begin_anew() -> None:
    channel = MemoryChannel()
    listener = channel.listen(lambda: None)
    channel.say("e", "n", 1, "a", False)
    channel.say("e", "n", 1, "b", True)
    channel.say("e", "n", 2, "c", False)
    assert said(listener) == [(1, "a", True), (2, "b", True), (3, "c", True)]
    assert said(channel.listen(lambda: None)) == [(3, "c", True)]


def test_an_attempt_that_nobody_waits_for_says_nothing_over_the_one_after_it() -> None:
    channel = MemoryChannel()
    channel.say("e", "n", 2, "new", False)
    listener = channel.listen(lambda: None)
    assert channel.say("e", "n", 1, "old", False) is None
    channel.hush("e", "n", 1)
    assert said(listener) == [(1, "new", True)]


def test_who_has_missed_pieces_is_told_all_of_the_text_behind_them() -> None:
    channel = MemoryChannel()
    listener = channel.listen(lambda: None, room=2)
    for sign in "abcd":
        channel.say("e", "n", 1, sign, False)
    assert said(listener) == [(3, "c", False), (4, "d", False), (4, "abcd", True)]


def test_a_text_of_an_attempt_that_has_ended_is_told_to_nobody() -> None:
    channel = MemoryChannel()
    channel.say("e", "n", 1, "a", False)
    channel.hush("e", "n", 1)
    assert said(channel.listen(lambda: None)) == []


def test_of_a_text_without_end_no_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.running.memory_channel.TEXT_CHARS_MAX", 2)
    channel = MemoryChannel()
    listener = channel.listen(lambda: None)
    assert [channel.say("e", "n", 1, "a", False) is not None for _ in range(3)] == [True, True, False]
    assert [text for _, text, _ in said(listener)] == ["a", "a"]
