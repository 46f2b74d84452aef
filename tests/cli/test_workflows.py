"""`refold workflows`: versions, texts, what is different, on a data folder and at a server."""

from __future__ import annotations

import pytest

from tests.cli.conftest import WAITS, CommandLine

FIRST = "# Waits for somebody.\n" + WAITS.strip()
SECOND = FIRST.replace("name: approved}}", "name: granted}}  # a better word")


@pytest.fixture
def deployed(refold: CommandLine) -> CommandLine:
    for text in (FIRST, SECOND):
        refold("deploy", refold.file("waits.txt", text))
    return refold


def test_versions_say_who_published_them_and_when(deployed: CommandLine) -> None:
    rows = deployed("workflows", "versions", "waits", "--json").json
    assert [(row["version"], row["status"], row["published_by"], row["source"]) for row in rows] == [
        (1, "inactive", "anonymous", "yaml"), (2, "active", "anonymous", "yaml"),
    ]  # fmt: skip
    assert deployed("workflows", "versions", "waits").out.splitlines()[2].split()[:3] == ["waits", "2", "active"]
    assert [row["version"] for row in deployed("workflows", "list", "--json").json] == [2]


def test_the_text_comes_back_as_it_was(deployed: CommandLine) -> None:
    assert deployed("workflows", "source", "waits", "--version", "1").out == FIRST
    assert deployed("workflows", "source", "waits").out == SECOND
    refused = deployed("workflows", "source", "waits", "--version", "3", code=1)
    assert refused.complaint == "refold: workflow waits, version 3: it has 2"


def test_what_is_different_is_told_and_is_the_exit_code(deployed: CommandLine) -> None:
    told = deployed("workflows", "diff", "waits", "1", "2", code=1)
    assert told.out.splitlines()[0] == '~ nodes[approval].config.name  "approved" -> "granted"'
    assert "name: granted" in deployed("workflows", "diff", "waits", "1", "2", "--text", code=1).out
    assert deployed("workflows", "diff", "waits", "1", "2", "--json", code=1).json["changes"][0]["path"] == "nodes[approval].config.name"
    assert deployed("workflows", "diff", "waits", "2", "2").out == "waits: versions 2 and 2 are the same\n"


def test_an_old_version_becomes_the_active_one_and_none_in_the_archive(deployed: CommandLine) -> None:
    assert deployed("workflows", "activate", "waits", "1").out == "executions of waits start with version 1, until now with version 2\n"
    assert [row["status"] for row in deployed("workflows", "versions", "waits", "--json").json] == ["active", "inactive"]
    deployed("workflows", "archive", "waits")
    assert {row["status"] for row in deployed("workflows", "versions", "waits", "--json").json} == {"archived"}


def test_a_server_says_the_same(refold: CommandLine) -> None:
    at = ("--server", refold.serve())
    for text in (FIRST, SECOND):
        refold("deploy", refold.file("waits.txt", text), *at)
    assert refold("workflows", "source", "waits", "--version", "1", *at).out == FIRST
    assert "approved" in refold("workflows", "diff", "waits", "1", "2", *at, code=1).out
    refold("workflows", "activate", "waits", "1", *at)
    assert [row["status"] for row in refold("workflows", "versions", "waits", "--json", *at).json] == ["active", "inactive"]
