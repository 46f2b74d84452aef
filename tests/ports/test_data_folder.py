"""The data folder: one process writes, everybody may read, and whoever may not is told why."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import LogError, LogHeld
from infra.files.data_folder import DataFolder
from infra.log.sqlite import SqliteLog
from tests.ports.conftest import Start, said_by

HOLDER = """
import sys
from infra.files.data_folder import DataFolder

sys.argv[0] = "/usr/bin/refold"
with DataFolder(sys.argv[2]).hold():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "some" / "data")


def hold_elsewhere(start: Start, folder: DataFolder) -> Any:
    process = start(HOLDER, "run", folder.path)
    assert said_by(process).readline() == "held\n"
    return process


def test_naming_a_data_folder_touches_nothing(folder: DataFolder) -> None:
    assert not folder.exists
    assert not folder.path.exists()


def test_holding_makes_the_folder_and_those_within(folder: DataFolder) -> None:
    with folder.hold():
        assert folder.blobs.is_dir()
        assert folder.snapshots.is_dir()
        assert not folder.exists


def test_a_data_folder_exists_when_there_is_a_log_in_it(folder: DataFolder) -> None:
    with folder.hold():
        SqliteLog(folder.log).close()
    assert folder.exists
    folder.check()


def test_a_second_process_is_told_who_holds_the_folder_and_how(folder: DataFolder, start: Start) -> None:
    holder = hold_elsewhere(start, folder)
    said = f"the data folder {folder.path} is held by process {holder.pid} (refold run {folder.path})"
    with pytest.raises(LogHeld, match=re.escape(said)), folder.hold():
        pass


def test_of_a_server_it_is_told_where_it_answers(folder: DataFolder) -> None:
    with (
        folder.hold("http://127.0.0.1:8080"),
        pytest.raises(LogHeld, match=r"which serves at http://127\.0\.0\.1:8080") as held,
        folder.hold(),
    ):
        pass
    assert held.value.server == "http://127.0.0.1:8080"
    with folder.hold(), pytest.raises(LogHeld) as held, folder.hold():
        pass
    assert held.value.server is None


def test_the_refused_process_leaves_the_holder_as_it_was(folder: DataFolder, start: Start) -> None:
    hold_elsewhere(start, folder)
    before = folder.lock.read_bytes()
    for _ in range(2):
        with pytest.raises(LogHeld), folder.hold():
            pass
    assert folder.lock.read_bytes() == before


def test_one_process_cannot_hold_a_folder_twice(folder: DataFolder) -> None:
    with folder.hold(), pytest.raises(LogHeld, match=f"process {os.getpid()} "), folder.hold():
        pass


def test_a_folder_that_was_let_go_is_free(folder: DataFolder, start: Start) -> None:
    holder = hold_elsewhere(start, folder)
    holder.communicate()
    with folder.hold():
        pass
    with folder.hold():
        pass


def test_a_killed_process_holds_nothing(folder: DataFolder, start: Start) -> None:
    holder = hold_elsewhere(start, folder)
    holder.kill()
    holder.wait()
    with folder.hold():
        assert f"process {os.getpid()} " in folder.lock.read_text()


def test_a_process_that_is_started_by_the_holder_does_not_hold_on_to_the_folder(folder: DataFolder, start: Start) -> None:
    with folder.hold():
        child = start("import sys; print('up', flush=True); sys.stdin.read()")
        assert said_by(child).readline() == "up\n"
    with folder.hold():
        pass


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for act in (DataFolder(tmp_path / "file").check, DataFolder(tmp_path / "file").create):
        with pytest.raises(LogError, match="file is a file; a data folder is expected"):
            act()


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogError, match=r"data cannot be made: File exists \(.*file\)"):
        DataFolder(tmp_path / "file" / "data").create()


def test_a_reader_is_told_that_there_is_no_folder_or_no_log(folder: DataFolder) -> None:
    with pytest.raises(LogError, match="there is no data folder"):
        folder.check()
    folder.create()
    with pytest.raises(LogError, match=r"is a folder without a log: log\.db is missing"):
        folder.check()


VISITOR = """
import os, sys
from infra.files.data_folder import DataFolder  # before the rights are gone

if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for act in (DataFolder(sys.argv[1]).create, DataFolder(sys.argv[2]).create):
    try:
        act()
        print("made")
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
"""


def test_a_folder_that_may_not_be_written_is_told(start: Start) -> None:
    with tempfile.TemporaryDirectory() as above:  # not below pytest's folder, which only its owner may enter
        data, new = Path(above, "data"), Path(above, "new")
        DataFolder(data).create()
        for path in (data, Path(above)):
            path.chmod(0o555)
        written, _ = start(VISITOR, data, new).communicate()
        for path in (data, Path(above)):
            path.chmod(0o755)
    assert written.splitlines() == [
        f"LogError: the data folder {data} cannot be written by this user",
        f"LogError: the data folder {new} cannot be made: Permission denied ({new})",
    ]
