"""`read-models`: rows are looked at and made anew, in a data folder and by a server that goes on working."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from projections.registry import READ_MODELS
from refold import Client
from refold.errors import Refused
from tests.cli.conftest import CommandLine

NAMES = sorted(model.name for model in READ_MODELS if not model.outlives_journal)
"""Those that `all` makes anew."""


def break_rows(refold: CommandLine) -> None:
    with closing(sqlite3.connect(refold.data / "projection.db")) as rows, rows:
        (name,) = rows.execute("SELECT tables FROM models WHERE model = 'executions'").fetchone()
        rows.execute(f"UPDATE {name.split()[0]} SET status = 'terminated' WHERE status = 'failed'")


def test_rows_of_a_folder_are_made_anew_and_compared(filled: CommandLine) -> None:
    assert filled("read-models", "list").out.startswith("no read models yet")
    first = filled("read-models", "rebuild", "all", "--json").json
    assert [(one["name"], one["rebuilds"], one["differing"]) for one in first["read_models"]] == [(name, 1, 0) for name in NAMES]
    assert first["records"] > 0
    assert {row["status"] for row in filled("list", "--json").json} == {"completed", "failed", "incident", "running"}

    break_rows(filled)
    again = filled("read-models", "rebuild", "executions", code=1)

    assert "executions: 4 rows made anew; 1 row differed" in again.out
    told = {one["name"]: one for one in filled("read-models", "list", "--json").json}
    assert (told["executions"]["rows"], told["executions"]["lag"], told["executions"]["rebuilds"]) == (4, 0, 2)
    assert told["incidents"]["rebuilds"] == 1
    assert "failed" in {row["status"] for row in filled("list", "--json").json}


def test_a_server_makes_rows_anew_while_it_works(filled: CommandLine) -> None:
    url = filled.serve()
    empty = {"REFOLD_DATA": ""}
    filled("start", "waits", "--id", "later", "--server", url, env=empty)
    break_rows(filled)

    assert "held by" in filled("read-models", "rebuild", "all", code=1).complaint
    found = filled("read-models", "rebuild", "all", "--server", url, "--json", code=1, env=empty).json

    assert {one["name"]: one["differing"] for one in found["read_models"]} == {name: int(name == "executions") for name in NAMES}
    listed = filled("list", "--json", "--server", url, env=empty).json
    assert "later" in {row["execution_id"] for row in listed}
    assert "failed" in {row["status"] for row in listed}
    told = filled("read-models", "list", "--server", url, env=empty).out
    assert "1 row differed" in told


def test_a_name_that_there_is_not_is_refused(filled: CommandLine) -> None:
    url = filled.serve()
    for where in ({}, {"REFOLD_DATA": "", "REFOLD_SERVER": url}):
        assert "expected one of" in filled("read-models", "rebuild", "nope", code=2, env=where).complaint


def test_a_client_hears_of_a_read_model_that_there_is_not(filled: CommandLine) -> None:
    with Client(filled.serve()) as client:
        with pytest.raises(Refused, match="there is no read model 'nope': expected one of") as refused:
            client.rebuild_read_model("nope")
        assert (refused.value.status, refused.value.problem["reason"]) == (404, "read_model.unknown")
        assert client.rebuild_read_model("incidents") == {"rebuilding": ["incidents"]}
