"""A process that dies at any point of archiving and removing loses nothing and repeats nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from contracts.commands import SendSignal
from contracts.ports.shelf import Fill
from infra.files.shelf import FolderShelf
from tests.archive.bench import HOUR_MS, ArchivingBench, bench_in
from workers.archive.pieces import Pieces


class Died(BaseException):
    """The process is gone."""


class Fuse:
    """Kills the process before the n-th thing that it does, or after it."""

    def __init__(self) -> None:
        self.left = 0
        self.burnt = False

    def around(self, do: Callable[[], Any]) -> Any:
        self._burn()
        found = do()
        self._burn()
        return found

    def _burn(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.burnt = True
                raise Died


class FusedShelf(FolderShelf):
    """A shelf whose process may die at each change."""

    def __init__(self, folder: Path, fuse: Fuse) -> None:
        super().__init__(folder)
        self._fuse = fuse

    def write(self, name: str, fill: Fill) -> None:
        def half(file: BinaryIO) -> None:
            fill(file)
            self._fuse.around(lambda: None)

        self._fuse.around(lambda: FolderShelf.write(self, name, half))

    def rename(self, name: str, to: str) -> None:
        self._fuse.around(lambda: FolderShelf.rename(self, name, to))

    def delete(self, name: str) -> None:
        self._fuse.around(lambda: FolderShelf.delete(self, name))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ArchivingBench]:
    with bench_in(tmp_path, "memory", executions_max=3) as made:
        yield made


@pytest.mark.parametrize("seed", range(0, 56, 2))
def test_whenever_it_dies_each_execution_is_in_the_log_or_once_in_the_archive(
    bench: ArchivingBench, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    fuse = Fuse()
    bench.pieces = Pieces(FusedShelf(bench.folder / "pieces", fuse))
    bench.archive = FusedShelf(bench.folder / "archive", fuse)
    for owner, name in ((bench.log, "remove"), (bench.blobs, "delete")):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda given, do=original: fuse.around(lambda: do(given)))
    bench.restart()
    [waits] = bench.run_some(1, "waits")
    old = bench.run_some(8, given={"big": "x" * 70_000})
    bench.project()
    fuse.left = seed + 1
    try:
        for hours in (1, 1, 24, 24):
            bench.project().close()
            bench.later(hours * HOUR_MS + 700_000)
    except Died:
        pass
    assert fuse.burnt
    fuse.left = 0
    bench.restart()
    found = bench.in_journal()
    assert all(name in found or name in bench.in_archive() for name in old)
    for _ in range(4):
        bench.project().close()
        bench.later(24 * HOUR_MS)
    names = [name for shelf in (bench.pieces.shelf, bench.archive) for name in shelf.names()]
    archived = bench.in_archive()
    assert [archived.count(name) for name in old] == [1] * len(old), names
    assert set(old).isdisjoint(bench.in_journal())
    assert not bench.blobs._contents
    assert bench.verify().divergences == []
    bench.ask(waits, SendSignal("1", "go", b"1"))
    assert bench.status(waits) == "completed"
    assert not bench.owner.executions.unreadable
