"""The short form of `make chaos-live`."""

from __future__ import annotations

from pathlib import Path

from tests.kafka.topics import new_address

from .__main__ import run


def test_readers_are_told_each_event_once_whatever_is_killed(tmp_path: Path) -> None:
    told = run(tmp_path, kills=3, readers=8, seed=3)
    assert told.faults == []
    assert told.events > 20


def test_readers_are_told_each_event_once_over_takeovers_on_kafka(broker: str, tmp_path: Path) -> None:
    told = run(tmp_path, kills=4, readers=8, seed=4, kafka=str(new_address(broker)))
    assert told.faults == []
    assert told.events > 20
