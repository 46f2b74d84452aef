"""Windows of long histories: for them no more is read and folded than lies between two rolled states, and they show what all shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from contracts.commands import SendSignal
from contracts.errors import Rejected
from contracts.ports.log import Topic
from contracts.values import encode
from domain.execution.evolve import fold, initial
from infra.store.sqlite import SqliteReadModels
from projections.executions import PieceRecord
from projections.history import HistoryPresenter
from projections.registry import READ_MODELS
from projections.view import state_value
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of
from tests.workers.harness import Bench, FaultyLog
from workers.partition import decider
from workers.partition.stretches import entries_at
from workers.reading.execution_reader import ExecutionReader
from workers.reading.projection import Sizes
from workers.reading.projector import Projector

LOOP = {"id": "l", "type": "repeat", "config": {"times": 400, "body": {"nodes": [{"id": "n", "type": "noop"}]}}}


class CountingLog(FaultyLog):
    """A memory log that gives records one by one, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0
        self.calls = 0

    def read(self, topic: Topic, partition: int, offset: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        self.calls += topic == "journal"
        for one in super().read(topic, partition, offset, end):
            self.given += topic == "journal"
            yield one


def long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int = 100, **more: Any) -> tuple[Bench, ExecutionReader]:
    """An execution of some thousand events, whose history is summed up after each hundred, and what reads it."""
    monkeypatch.setattr(decider, "ROLL_EVERY_EVENTS", every)
    bench = Bench(CountingLog(), **more)
    bench.publish({"name": "w", "nodes": [LOOP]})
    bench.start(execution="long")
    bench.move()
    return bench, reader_of(bench, tmp_path)


def reader_of(bench: Bench, tmp_path: Path) -> ExecutionReader:
    models = SqliteReadModels(tmp_path / "rows.db", READ_MODELS)
    projector = Projector(bench.log, bench.engine.catalog, models, sizes=Sizes(batch_max=7))
    while projector.step():
        pass
    return ExecutionReader(bench.log, bench.engine.catalog, bench.blobs, models)


def whole(bench: Bench, reader: ExecutionReader) -> list[Any]:
    presenter = HistoryPresenter(reader.show)
    return [event for entry in bench.entries("long") for event in presenter.present(entry.decision)]


def test_a_window_anywhere_reads_no_more_than_lies_between_two_rolled_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, reader = long(tmp_path, monkeypatch)
    events = whole(bench, reader)
    log = bench.log
    assert isinstance(log, CountingLog)
    assert len(events) > 1_500
    for start in (1, 2, 99, 777, 1_234, len(events) - 40):
        log.given = 0
        found, following = reader.history("long", start, 50)
        assert found == events[start - 1 : start + 49]
        assert following == (start + 50 if start + 50 <= len(events) else None)
        assert log.given <= 400  # of a piece whose second rolled state is remembered, and of the hundred events behind it


def test_a_state_anywhere_folds_no_more_than_lies_between_two_rolled_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, reader = long(tmp_path, monkeypatch)
    log = bench.log
    assert isinstance(log, CountingLog)
    entries = bench.entries("long")
    for version in (1, 57, 800, 1_499):
        log.given = 0
        assert reader.folded("long", version).state.version == version
        assert log.given <= 400
    log.given = 0
    assert reader.folded("long").state.status == "completed"
    assert log.given <= 400 < len(entries)


def test_all_windows_and_states_are_those_of_the_whole_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, reader = long(tmp_path, monkeypatch)
    events = whole(bench, reader)
    plain = ExecutionReader(bench.log, bench.engine.catalog, bench.blobs, cast(Any, _WithoutPieces(reader.models)))
    for start in range(1, len(events) + 2, 37):
        assert reader.history("long", start, 20) == plain.history("long", start, 20)
    for version in range(1, len(events) + 1, 41):
        shown, expected = (state_value(one.folded("long", version), one.show) for one in (reader, plain))
        assert shown == expected
    with pytest.raises(Rejected, match=f"the versions 1 to {len(events)}, not {len(events) + 1}"):
        reader.folded("long", len(events) + 1)


def test_a_rolled_state_that_is_lost_costs_time_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, reader = long(tmp_path, monkeypatch)
    events = whole(bench, reader)
    state = reader.folded("long", 1_234).state
    monkeypatch.setattr("workers.reading.execution_reader.begin", _without_blobs)
    assert reader.history("long", 1_234, 10)[0] == events[1_233:1_243]
    assert reader.folded("long", 1_234).state == state


def test_a_history_with_retries_and_incidents_is_shown_in_windows_as_in_whole() -> None:
    """From whatever state it is begun at, in every golden history."""
    for folder in FOLDERS:
        graph = graph_in(folder)
        decisions = decisions_of(folder)
        presenter = HistoryPresenter(bytes)
        expected = [list(presenter.present(decision)) for decision in decisions]
        for cut in range(1, len(decisions)):
            later = HistoryPresenter(bytes)
            later.begin_at(fold(graph, initial(decisions[0].execution), decisions[:cut]))
            for index, decision in enumerate(decisions[cut:], start=cut):
                assert list(later.present(decision)) == expected[index], f"{folder.name}, from {cut} on, decision {index}"


def test_a_window_alone_shows_the_same_or_says_that_it_is_unsure() -> None:
    """From each decision of every golden history on, with nothing known of those before but the first."""
    sure = 0
    for folder in FOLDERS:
        decisions = decisions_of(folder)
        presenter = HistoryPresenter(bytes)
        expected = [list(presenter.present(decision)) for decision in decisions]
        for cut in range(1, len(decisions)):
            alone = HistoryPresenter(bytes)
            alone.begin_alone(decisions[0])
            for index, decision in enumerate(decisions[cut:], start=cut):
                shown = list(alone.present(decision))
                if alone.is_unsure:
                    break
                sure += 1
                assert shown == expected[index], f"{folder.name}, from {cut} on, decision {index}"
    assert sure > 100


def test_decisions_that_lie_apart_are_read_once_each(tmp_path: Path) -> None:
    bench = Bench(CountingLog())
    bench.publish({"name": "s", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]})
    bench.start("s", execution="long")
    for turn in range(20):
        bench.ask("long", SendSignal(f"a{turn}", "no", encode(turn)))
        for _ in range(120):
            bench.start("s")
        bench.move()
    reader = reader_of(bench, tmp_path)
    log = bench.log
    assert isinstance(log, CountingLog)
    offsets = [entry.offset for entry in reader.entries("long")]
    assert offsets == [entry.offset for entry in bench.entries("long")]
    log.given = log.calls = 0
    list(reader.entries("long"))
    assert (log.given, log.calls) == (len(offsets), len(offsets) - 1)  # the first two lie together
    asked = _Asked(offsets)
    assert [entry.offset for entry in entries_at(log, 0, asked)] == offsets
    assert asked.looks <= 3 * len(offsets)


class _Asked(list[int]):
    """Offsets that count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        self.looks += len(found) if isinstance(index, slice) else 1
        return found

    def __iter__(self) -> Iterator[int]:
        self.looks += len(self)
        return super().__iter__()


class _WithoutPieces:
    """Read models whose pieces know no versions, as they were once stored."""

    def __init__(self, models: Any) -> None:
        self._models = models

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)

    def belonging(self, table: Any, number: int) -> list[PieceRecord]:
        return [PieceRecord(*piece[:3]) for piece in self._models.belonging(table, number)]


def _without_blobs(entry: Any, graph_of: Any, read_blob: Any = None) -> Any:
    from contracts.commands import RollHistory
    from domain.execution.history import begin

    if isinstance(entry.decision.command, RollHistory):
        raise KeyError("the blob")
    return begin(entry, graph_of)
