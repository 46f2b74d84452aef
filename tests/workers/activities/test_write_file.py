"""`write_file`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workers.running.activities.write_file import WriteFile
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "allowed"
    made.mkdir()
    return made


@pytest.fixture
def run(folder: Path, attempt: Attempt) -> Run:
    kind = WriteFile(ActivitySettings(files=folder))
    return lambda **config: kind.run(attempt, config, None)


def failure(run: Run, **config: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(**config)
    return caught.value


def test_a_string_is_written_as_it_is_and_anything_else_as_json(run: Run, folder: Path) -> None:
    assert run(path="a/b.txt", content="ä") == {"path": "a/b.txt", "bytes": 2}
    assert (folder / "a/b.txt").read_text() == "ä"
    run(path="a/b.json", content={"a": [1]})
    assert (folder / "a/b.json").read_text() == '{\n  "a": [\n    1\n  ]\n}\n'


def test_a_file_is_replaced_as_a_whole_and_keeps_its_mode(run: Run, folder: Path) -> None:
    place = folder / "a.txt"
    place.write_text("old and long")
    place.chmod(0o600)
    with place.open() as reader:
        run(path="a.txt", content="new")
        assert reader.read() == "old and long"
    assert (place.read_text(), place.stat().st_mode & 0o777, [file.name for file in folder.iterdir()]) == ("new", 0o600, ["a.txt"])


def test_content_can_be_added_at_the_end(run: Run, folder: Path) -> None:
    run(path="a.txt", content="1\n", append=True)
    run(path="a.txt", content="2\n", append=True)
    assert (folder / "a.txt").read_text() == "1\n2\n"


def test_folders_are_made_unless_told_otherwise(run: Run, folder: Path) -> None:
    assert failure(run, path="a/b.txt", content="", make_folders=False).error_type == "file.not_found"
    assert not (folder / "a").exists()


@pytest.mark.parametrize("path", ["../a.txt", "/tmp/a.txt", "link", "folder/a.txt", ""])
@pytest.mark.parametrize("append", [False, True])
def test_a_path_out_of_the_folder_is_refused(run: Run, folder: Path, path: str, append: bool) -> None:
    (folder / "link").symlink_to("../a.txt")
    (folder / "folder").symlink_to(folder.parent)
    assert failure(run, path=path, content="x", append=append).error_type == "file.forbidden"
    assert [file.name for file in folder.parent.iterdir()] == ["allowed"]


@pytest.mark.parametrize("path", ["data/log.db", "link/log.db", "log", "x/../data/blobs/new.txt", "data"])
@pytest.mark.parametrize("append", [False, True])
def test_a_path_into_the_data_folder_is_refused(folder: Path, attempt: Attempt, path: str, append: bool) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "log.db").write_text("the log")
    (folder / "link").symlink_to("data")
    (folder / "log").symlink_to("data/log.db")
    kind = WriteFile(ActivitySettings(files=folder, data=data))
    error = failure(lambda **config: kind.run(attempt, config, None), path=path, content="x", append=append)
    assert (error.error_type, error.retryable) == ("file.forbidden", False)
    assert "data folder" in str(error)
    assert ([file.name for file in data.iterdir()], (data / "log.db").read_text()) == (["log.db"], "the log")
    kind.run(attempt, {"path": "beside.txt", "content": "x"}, None)


def test_a_folder_is_not_overwritten(run: Run, folder: Path) -> None:
    (folder / "a").mkdir()
    assert failure(run, path="a", content="x").error_type == "file.unwritable"
    assert [file.name for file in folder.iterdir()] == ["a"]


def test_without_an_allowed_folder_the_setting_is_named(attempt: Attempt) -> None:
    kind = WriteFile(ActivitySettings())
    error = failure(lambda **config: kind.run(attempt, config, None), path="a.txt", content="")
    assert error.error_type == "file.forbidden"
    assert "`files`" in str(error)


def test_text_that_cannot_be_written_is_refused(run: Run) -> None:
    assert failure(run, path="a.txt", content="\ud800").error_type == "input.invalid"
