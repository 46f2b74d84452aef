"""Lists and what passes by, told over one connection: one that does not read is kept the last rows only, and how much it missed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from api.streams.outlet import ListSink, PassingSink
from contracts.ports.lossy_channel import Passing, Taken


class Line:
    """An outlet that keeps what it is told; `is_full` as a test says."""

    def __init__(self) -> None:
        self.is_full = False
        self.said: list[Any] = []
        self._waiting: list[Callable[[], None]] = []

    def when_room(self, then: Callable[[], None]) -> None:
        self._waiting.append(then)

    def put(self, content: bytes) -> None:
        self.said.append(json.loads(content))

    def make_room(self) -> None:
        self.is_full = False
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()


def test_who_does_not_read_is_told_of_the_last_rows_only() -> None:
    line = Line()
    sink = ListSink(line, "a")
    sink.tell(b"[1]")
    line.is_full = True
    for number in range(2, 1_000):
        sink.tell(b"[%d]" % number)
    assert line.said == [{"id": "a", "rows": [1]}]
    line.make_room()
    line.make_room()
    assert line.said[1:] == [{"id": "a", "rows": [999]}]
    sink.tell(b"[0]")
    assert line.said[2:] == [{"id": "a", "rows": [0]}]


def test_one_that_has_ended_is_told_nothing_that_waited() -> None:
    line = Line()
    line.is_full = True
    sink = ListSink(line, "a")
    sink.tell(b"[1]")
    sink.end()
    line.make_room()
    assert line.said == []


def test_what_a_connection_misses_that_does_not_read_is_counted_and_told() -> None:
    line = Line()
    sink = PassingSink(line, "a")
    passed = Passing("order-1", "n", 1, "log", b"7")
    sink.tell(Taken([passed], 2))
    assert [one.get("dropped", one.get("value")) for one in line.said] == [2, 7]
    line.is_full = True
    sink.tell(Taken([passed] * 3, 0))
    sink.tell(Taken([passed] * 3, 1))
    line.make_room()
    line.make_room()
    assert line.said[2:] == [{"id": "a", "lossy": True, "dropped": 7}]
