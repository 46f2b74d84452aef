"""`read_file`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workers.running.activities.read_file import ReadFile
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "allowed"
    made.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    return made


@pytest.fixture
def run(folder: Path, attempt: Attempt) -> Run:
    kind = ReadFile(ActivitySettings(files=folder))
    return lambda **config: kind.run(attempt, config, None)


def failure(run: Run, **config: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(**config)
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "config", "output"),
    [
        ("a.txt", "ä\n".encode(), {}, "ä\n"),
        ("a.json", b'{"a": [1]}', {}, {"a": [1]}),
        ("a.json", b"\xef\xbb\xbf[1]", {}, [1]),
        ("a.json", b"[1]", {"format": "text"}, "[1]"),
        ("a.csv", b'\xef\xbb\xbfcity,"n"\r\n"Oslo, NO",1\r\n', {}, [{"city": "Oslo, NO", "n": "1"}]),
        ("a.csv", b"a,b\n1\n1,2,3,4\n", {}, [{"a": "1", "b": ""}, {"a": "1", "b": "2", "_rest": ["3", "4"]}]),
        ("a.csv", b"", {}, []),
        ("a.bin", b"\xff\x00", {"format": "base64"}, "/wA="),
    ],
)
def test_a_file_is_read_as_its_format_says(run: Run, folder: Path, name: str, content: bytes, config: Any, output: Any) -> None:
    (folder / name).write_bytes(content)
    assert run(path=name, **config) == output


@pytest.mark.parametrize("path", ["../secret.txt", "a/../../secret.txt", "/etc/passwd", "link", "folder/secret.txt", "", "a\0b"])
def test_a_path_out_of_the_folder_is_refused(run: Run, folder: Path, path: str) -> None:
    (folder / "link").symlink_to("../secret.txt")
    (folder / "folder").symlink_to(folder.parent)
    error = failure(run, path=path)
    assert (error.error_type, error.retryable) == ("file.forbidden", False)


@pytest.mark.parametrize("path", ["data/log.db", "link/log.db", "log"])
def test_a_path_into_the_data_folder_is_refused(folder: Path, attempt: Attempt, path: str) -> None:
    data = folder / "data"
    data.mkdir()
    (data / "log.db").write_text("the log")
    (folder / "link").symlink_to("data")
    (folder / "log").symlink_to("data/log.db")
    (folder / "other").symlink_to(folder)
    for named in (data, folder / "link", folder / "other" / "data"):
        kind = ReadFile(ActivitySettings(files=folder, data=named))
        error = failure(lambda **config: kind.run(attempt, config, None), path=path)  # noqa: B023
        assert error.error_type == "file.forbidden"
        assert "data folder" in str(error)


def test_a_symlink_within_the_folder_is_followed(run: Run, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "a.txt").write_text("here")
    (folder / "link").symlink_to("deep/a.txt")
    assert run(path="link") == run(path="deep/../deep/a.txt") == "here"


def test_a_file_that_is_not_there_is_not_found(run: Run, folder: Path) -> None:
    (folder / "a.txt").write_text("")
    assert failure(run, path="b.txt").error_type == "file.not_found"
    assert failure(run, path="a.txt/b.txt").error_type == "file.not_found"


def test_what_is_no_plain_file_is_refused(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert failure(run, path="pipe").error_type == "file.forbidden"
    assert failure(run, path=".").error_type == "file.forbidden"


def test_a_file_may_be_as_large_as_allowed_and_no_larger(run: Run, folder: Path) -> None:
    (folder / "a.txt").write_text("12345")
    assert run(path="a.txt", bytes_max=5) == "12345"
    assert failure(run, path="a.txt", bytes_max=4).error_type == "file.too_large"


@pytest.mark.parametrize(("name", "content"), [("a.txt", b"\xff"), ("a.json", b"{"), ("a.csv", b"\xff")])
def test_content_that_is_not_of_its_format_is_a_failure(run: Run, folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert failure(run, path=name).error_type == "file.unreadable"


def test_without_an_allowed_folder_the_setting_is_named(attempt: Attempt) -> None:
    kind = ReadFile(ActivitySettings())
    error = failure(lambda **config: kind.run(attempt, config, None), path="a.txt")
    assert error.error_type == "file.forbidden"
    assert "`files`" in str(error)


def test_an_unknown_format_is_refused(run: Run) -> None:
    assert "config.format" in str(failure(run, path="a", format="xml"))
