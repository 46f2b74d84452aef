"""Saved views on a data folder, and what only a server does."""

from __future__ import annotations

import json
from pathlib import Path

from refold.cli.commands.bulk import progress_line
from tests.cli.conftest import CommandLine

HELLO = """
name: hello
settings: {search: {who: input.who}}
nodes: [{id: a, type: noop}]
"""


def test_a_view_of_a_data_folder_is_saved_shown_by_its_columns_and_deleted(refold: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(HELLO)
    for who in ("ada", "bob"):
        refold("run", "hello.yaml", "--id", who, "--input", json.dumps({"who": who}))
    refold("views", "save", "of-ada", "--filter", "search.who == 'ada'", "--columns", "execution_id, search.who,duration,ended_at,error")
    (view,) = json.loads(refold("views", "list", "--json").out)
    assert (view["name"], view["revision"], view["written_by"]) == ("of-ada", 1, "command line")
    header, line = refold("list", "--view", "of-ada").out.splitlines()
    assert header.split() == ["EXECUTION_ID", "SEARCH.WHO", "DURATION", "ENDED_AT", "ERROR"]
    assert line.split()[:2] == ["ada", "ada"]
    assert [
        one["execution_id"] for one in json.loads(refold("list", "--view", "of-ada", "--filter", "status == 'failed'", "--json").out)
    ] == []
    refold("views", "delete", "of-ada")
    assert "no views are saved" in refold("views", "list").out
    assert "`refold views list` shows those there are" in refold("list", "--view", "of-ada", code=1).err


def test_a_view_that_cannot_be_is_refused(refold: CommandLine) -> None:
    assert "there is no `runing`" in refold("views", "save", "x", "--filter", "status == 'runing'", code=2).err
    assert "a list has no column 'statsu'" in refold("views", "save", "x", "--all", "--columns", "statsu", code=2).err
    assert "cannot be the name of a view" in refold("views", "save", "é", "--filter", "true", code=2).err
    assert "--all where a view of all executions is meant; found neither" in refold("views", "save", "x", code=2).err
    assert "found both" in refold("views", "save", "x", "--all", "--filter", "true", code=2).err
    assert "there is no data folder" in refold("views", "delete", "x", code=1).complaint
    assert not refold.data.exists()


def test_a_bulk_operation_is_done_by_a_server_and_so_are_webhooks(refold: CommandLine) -> None:
    for words in (("bulk", "cancel", "--filter", "true"), ("operations", "list")):
        assert "bulk operations are done by a server" in refold(*words, code=2).err
    said = refold("webhooks", "list", code=2).err
    assert said == f"refold: events are sent by a server, and {refold.data} is a data folder: give --server URL\n"


def test_a_bulk_operation_without_a_filter_is_refused_before_a_server_is_asked(refold: CommandLine) -> None:
    said = refold("bulk", "cancel", "--server", "http://127.0.0.1:1", code=2).err
    assert said == "refold: expected --filter EXPRESSION or --view NAME, found neither; `--filter true` where all are meant\n"


def test_progress_is_one_line() -> None:
    found = {"action": "pause", "total": 2000, "done": 500, "skipped": 3, "failed": 0, "status": "paused"}
    assert progress_line(found) == "pause ██████░░░░░░░░░░░░░░░░░░ 500/2,000, 3 skipped, paused"
    assert progress_line({**found, "total": None}) == "pause: finding the executions"
    assert progress_line({**found, "total": 0, "done": 0, "skipped": 0, "status": "completed"}).endswith("0/0")
