"""`refold archive`: what it says of bundles that are whole, damaged or not there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from projections.registry import READ_MODELS
from tests.cli.conftest import CommandLine

SHORT = '{"name": "short", "nodes": [{"id": "a", "type": "end"}], "settings": {"retention": "1ms"}}'


@pytest.fixture
def archived(refold: CommandLine) -> CommandLine:
    """A data folder whose only execution is in an archive."""
    refold.file("short.json", SHORT)
    refold("run", "short.json", "--id", "mine")
    refold("archive", "make", "--set", f"archive={refold.folder / 'bundles'}")
    return refold


def bundle_of(archived: CommandLine) -> Path:
    [found] = (archived.folder / "bundles").iterdir()
    return found


def test_a_bundle_is_listed_shown_and_proved(archived: CommandLine) -> None:
    path = str(bundle_of(archived))
    [row] = archived("archive", "list", path, "--json").json
    assert (row["executions"], row["partition"]) == (1, 0)
    [line] = archived("archive", "show", path, "--json").json
    assert (line["execution_id"], line["workflow"], line["status"]) == ("mine", "short", "completed")
    assert "ExecutionCompleted" in archived("archive", "show", path, "mine").out
    [proof] = archived("verify", path, "--json").json
    assert (proof["executions"], proof["problems"]) == (1, [])


@pytest.mark.parametrize("verb", ["history", "show", "trace", "follow"])
def test_where_an_execution_is_that_is_in_the_log_no_more_is_said(archived: CommandLine, verb: str) -> None:
    said = archived(verb, "mine", code=1, env={"REFOLD_ARCHIVE": str(archived.folder / "bundles")}).complaint
    assert "execution mine is not in the log any more, but archived: " in said
    assert f"archive show {bundle_of(archived)} mine" in said
    assert "there is no execution other" in archived(verb, "other", code=1).complaint


def test_a_damaged_bundle_is_named_with_1(archived: CommandLine) -> None:
    path = bundle_of(archived)
    content = path.read_bytes()
    path.write_bytes(content[:200] + b"\xff" + content[201:])
    for words in (["verify", str(path)], ["archive", "verify", str(path)]):
        assert f"the bundle {path} is damaged" in archived(*words, code=1).complaint
    path.write_bytes(content[:-1])
    assert "is damaged" in archived("archive", "list", str(path.parent), code=1).complaint


def test_a_bundle_that_is_not_there_is_said_with_2(archived: CommandLine) -> None:
    assert "there is no bundle" in archived("archive", "verify", "nothing.refold", code=2).complaint
    assert "setting `archive`" in archived("archive", "list", code=2).complaint


def test_who_does_not_say_where_to_removes_nothing(refold: CommandLine) -> None:
    refold.file("short.json", SHORT)
    refold("run", "short.json", "--id", "mine")
    assert "remove_unarchived" in refold("archive", "make", code=2).complaint
    assert "mine" in refold("list").out
    assert "1 execution removed" in refold("archive", "make", "--set", "remove_unarchived=true").out
    assert "there is no execution mine" in refold("history", "mine", code=1).complaint


def test_what_read_models_lack_stays_and_that_is_said(refold: CommandLine) -> None:
    refold.file("short.json", SHORT)
    refold("run", "short.json", "--id", "mine")
    words = ("archive", "make", "--set", f"archive={refold.folder / 'bundles'}")
    with closing(sqlite3.connect(refold.data / "projection.db", isolation_level=None)) as rows:
        rows.execute("CREATE TABLE models (model, version, position)")
        rows.execute("INSERT INTO models VALUES (?, ?, 1000)", (READ_MODELS[0].name, READ_MODELS[0].version))
        assert "rows cannot be taken out" in refold(*words, code=1).complaint  # its tables are missing: the piece waits
        rows.execute("UPDATE models SET position = 0")
        assert "before the read models know of it" in refold(*words, code=1).complaint
        assert "mine" in refold("list").out
        rows.execute("DELETE FROM models")
    assert "1 execution archived" in refold(*words).out


def test_doctor_says_of_a_file_that_keeps_its_size_how_it_gives_room_back(archived: CommandLine) -> None:
    assert "size of the log" not in archived("doctor").out
    with closing(sqlite3.connect(archived.data / "log.db", isolation_level=None)) as rows:
        rows.execute("PRAGMA journal_mode = DELETE")
        rows.execute("PRAGMA auto_vacuum = 0")
        rows.execute("VACUUM")
        rows.execute("PRAGMA journal_mode = WAL")
    assert "PRAGMA auto_vacuum = 2; VACUUM" in archived("doctor").out
