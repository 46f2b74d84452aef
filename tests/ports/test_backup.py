"""Backups: whatever is killed, changed or missing, a copy is proved to be what the log was, or is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import read_record, removed_record
from contracts.errors import LogCorrupt, LogError, LogFenced
from contracts.journal import Decided
from contracts.ports.log import Topic
from infra.backup.backup import Report, back_up
from infra.backup.folder import BackupFolder
from infra.backup.restore import restore
from infra.files.blobs import FileBlobs
from infra.files.data_folder import DataFolder
from infra.files.fence import take_down
from infra.log.sqlite import SqliteLog
from infra.server.backup_source import FolderSource
from infra.server.engine import Engine
from infra.server.wiring import open_engine
from infra.settings.model import EngineSettings
from tests.workers.harness import sequence

NOW = 1_700_000_000_000


class Place:
    """A data folder with an engine that comes and goes, and its backup."""

    def __init__(self, path: Path) -> None:
        self.data, self.backup = DataFolder(path / "data"), BackupFolder(path / "backup")
        self.count = 0

    def run(self, count: int = 3, given: Any = None) -> None:
        with open_engine(EngineSettings(data=self.data.path, threads=False)) as engine:
            self._start(engine, count, given)

    def _start(self, engine: Engine, count: int, given: Any) -> None:
        from contracts.definitions import WorkflowDefinition

        engine.publish(WorkflowDefinition.model_validate(sequence("noop", "noop")))
        for _ in range(count):
            self.count += 1
            engine.start("w", given, execution=f"e{self.count}")
            while engine.step():
                pass

    def back_up(self) -> Report:
        source = FolderSource(self.data)
        try:
            return back_up(source, self.backup, NOW, "1.0")
        finally:
            source.close()

    def restored(self, name: str = "copy", at: int | None = None) -> DataFolder:
        copy = DataFolder(self.data.path.parent / name)
        restore(self.backup, copy, at, NOW)
        return copy


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def records(data: DataFolder, topic: Topic = "journal") -> list[tuple[int, bytes]]:
    log = SqliteLog(data.log, read_only=True)
    try:
        return list(log.read(topic, 0))
    finally:
        log.close()


def test_a_copy_has_every_record_and_every_big_value(place: Place) -> None:
    place.run(3, {"text": "x" * 100_000})
    report = place.back_up()
    copy = place.restored()
    for topic in ("journal", "definitions"):
        assert records(copy, topic) == records(place.data, topic)
    assert report.position == len(records(place.data))
    assert sorted(FileBlobs(copy.blobs).hashes()) == sorted(FileBlobs(place.data.blobs).hashes()) != []


def test_what_was_backed_up_is_not_copied_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.backup.backup.MERGED_BYTES", 0)
    place.run()
    place.back_up()
    before = {path.name: path.stat().st_mtime_ns for path in place.backup.segments.iterdir()}
    assert place.back_up().records == 0
    there = len(records(place.data))
    place.run(2)
    assert place.back_up().records >= len(records(place.data)) - there > 0
    assert {
        name: one for name, one in ((path.name, path.stat().st_mtime_ns) for path in place.backup.segments.iterdir()) if name in before
    } == before
    assert records(place.restored()) == records(place.data)


def test_a_backup_that_is_made_all_the_time_has_few_files_and_knows_the_last_times(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.backup.backup.MADE_MAX", 3)
    for _ in range(5):
        place.run(1)
        end = len(records(place.data))
        before = place.backup.read().position if place.backup.path.exists() else 0
        report = place.back_up()
        assert report.position == end
        assert report.records >= end - before
    manifest = place.backup.read()
    assert [len(segments) for segments in manifest.segments.values() if segments] == [1, 1]
    assert len(list(place.backup.segments.iterdir())) == 2
    assert [one.position for one in manifest.made][-1] == len(records(place.data))
    assert len(manifest.made) == 3
    assert records(place.restored()) == records(place.data)


def test_a_copy_ends_where_it_is_told_to(place: Place) -> None:
    place.run(4)
    place.back_up()
    whole = records(place.data)
    for at in range(1, len(whole) + 1):
        assert records(place.restored(f"copy{at}", at)) == whole[:at]
    for at in (0, -1, len(whole) + 1):
        with pytest.raises(LogError, match=f"from position 1 to {len(whole)}, not to {at}"):
            place.restored(f"copy{at}", at)


def test_a_copy_is_shown_and_runs_nothing_until_it_is_let(place: Place) -> None:
    place.run()
    place.back_up()
    copy = place.restored()
    with pytest.raises(LogFenced, match="the original may live"), open_engine(EngineSettings(data=copy.path)):
        pass
    assert records(copy) == records(place.data)
    assert take_down(copy.path) is not None
    with open_engine(EngineSettings(data=copy.path, threads=False)) as engine:
        assert len(engine.owner.executions.ended) == 3
    assert take_down(copy.path) is None


def test_half_a_copy_is_neither_shown_nor_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run(1, {"text": "x" * 100_000})
    place.back_up()
    (value,) = FileBlobs(place.backup.blobs).hashes()
    path = place.backup.blobs / value[:2] / value[2:4] / value
    path.write_bytes(b"other")
    with pytest.raises(LogCorrupt, match=value):
        place.restored()
    copy = DataFolder(place.data.path.parent / "copy")
    uses: list[Callable[[], object]] = [copy.check, lambda: take_down(copy.path), copy.hold().__enter__]
    for use in uses:
        with pytest.raises(LogError, match="half a copy"):
            use()
    with pytest.raises(LogError, match="is not empty"):
        place.restored()


def damage(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "change", [lambda content: content[:-1], lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:], lambda content: b""]
)
def test_a_damaged_segment_is_named(place: Place, change: Callable[[bytes], bytes]) -> None:
    place.run()
    place.back_up()
    segment = next(path for path in place.backup.segments.iterdir() if path.name.startswith("journal"))
    damage(segment, change)
    with pytest.raises(LogCorrupt, match=segment.name):
        place.restored()


def test_a_missing_segment_is_named(place: Place) -> None:
    place.run()
    place.back_up()
    segment = next(path for path in place.backup.segments.iterdir() if path.name.startswith("definitions"))
    segment.unlink()
    with pytest.raises(LogCorrupt, match=segment.name):
        place.restored()


def test_segments_of_another_order_do_not_follow_on_each_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.backup.backup.MERGED_BYTES", 0)
    place.run()
    place.back_up()
    place.run()
    place.back_up()
    manifest = place.backup.read()
    manifest.segments["journal/0"].reverse()
    place.backup.write(manifest)
    with pytest.raises(LogCorrupt, match="lacks journal, partition 0, offset 0"):
        place.restored()


def test_a_backup_that_was_killed_is_what_it_was_and_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.run()
    place.back_up()
    before = records(place.data)
    place.run()
    written = BackupFolder.write

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BackupFolder, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        place.back_up()
    monkeypatch.setattr(BackupFolder, "write", written)
    assert records(place.restored()) == before
    place.back_up()
    assert records(place.restored("later")) == records(place.data)
    named = {one.file for segments in place.backup.read().segments.values() for one in segments}
    assert {path.name for path in place.backup.segments.iterdir()} == named


def test_records_that_were_removed_are_removed_in_the_copy_and_those_from_before_stay(place: Place) -> None:
    place.run(3)
    place.back_up()
    log = SqliteLog(place.data.log)
    decided = [offset for offset, content in log.read("journal", 0, 0, log.removable_end(0)) if isinstance(read_record(content), Decided)]
    gone = decided[:5]
    log.remove(log.plan_removal(0, gone, removed_record))
    log.close()
    place.run(1)
    place.back_up()
    whole = records(place.restored())
    assert [offset for offset, _ in whole][-1] == [offset for offset, _ in records(place.data)][-1]
    fresh = Place(place.data.path.parent / "fresh")
    fresh.data, fresh.count = place.data, place.count
    fresh.back_up()
    copy = DataFolder(place.data.path.parent / "second")
    restore(fresh.backup, copy, None, NOW)
    assert records(copy) == records(place.data)


def test_a_backup_of_another_journal_is_left_alone(place: Place, tmp_path: Path) -> None:
    place.run()
    place.back_up()
    other = Place(tmp_path / "other")
    other.run()
    other.backup = place.backup
    with pytest.raises(LogError, match="is a backup of the journal"):
        other.back_up()


def test_two_at_once_do_not_meet(place: Place) -> None:
    place.run()
    with place.backup.hold(), pytest.raises(LogError, match="another process makes a backup"):
        place.back_up()


def test_a_folder_with_something_else_in_it_is_left_alone(place: Place) -> None:
    place.run()
    place.backup.path.mkdir()
    (place.backup.path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(LogError, match=r"is no backup and not empty \(it has holiday.jpg\)"):
        place.back_up()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 3}', '{"format": 1, "made": 3}'])
def test_what_is_no_manifest_is_refused(place: Place, content: str) -> None:
    place.run()
    place.back_up()
    (place.backup.path / "backup.json").write_text(content)
    with pytest.raises(LogError, match=r"backup\.json cannot be read|format 3"):
        place.restored()


@pytest.fixture(autouse=True)
def no_files_are_left_open() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) <= before + 2
