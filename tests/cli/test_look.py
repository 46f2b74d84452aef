"""`list`, `show`, `history`, `incidents`, `verify`, `doctor`, `validate`, `node-kinds`, `schemas`."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

from refold import __version__
from tests.cli.conftest import CommandLine


def test_list_shows_every_execution_and_what_it_waits_for(filled: CommandLine) -> None:
    rows = {row["execution_id"]: row for row in filled("list", "--json").json}
    assert {name: row["status"] for name, row in rows.items()} == {
        "good": "completed", "failed": "failed", "stuck": "incident", "waiting": "running",
    }  # fmt: skip
    assert rows["waiting"]["waiting_for"] == [{"for": "signal", "path": "approval", "names": ["approved"]}]
    assert rows["stuck"]["waiting_for"][0]["for"] == "incident"
    assert rows["failed"]["error"]["type"] == "order.refused"
    text = filled("list").out
    assert "signal approved" in text
    assert "incident 1 at divide" in text


def test_list_filters_by_status_and_workflow(filled: CommandLine) -> None:
    assert [row["execution_id"] for row in filled("list", "--json", "--status", "failed", "--status", "completed").json] == [
        "good",
        "failed",
    ]
    assert [row["execution_id"] for row in filled("list", "--json", "--workflow", "waits").json] == ["waiting"]
    assert "no executions match" in filled("list", "--workflow", "nothing").out


def test_show_tells_all_about_an_execution(filled: CommandLine) -> None:
    shown = filled("show", "stuck", "--json").json
    assert shown["variables"] == {"n": 0}
    assert shown["waiting_for"][0]["type"] == "ZeroDivisionError"
    good = filled("show", "good", "--json").json
    assert (good["status"], good["outcome"], good["input"], good["output"]) == ("completed", "good", {"n": 4}, {"sum": 8})
    assert "waits for  signal approved at approval" in filled("show", "waiting").out


def test_show_goes_back_to_every_version_even_within_a_decision(filled: CommandLine) -> None:
    history = filled.history("good")
    statuses = [filled("show", "good", "--at", str(event["version"]), "--json").json["status"] for event in history]
    assert statuses[0] == "created"
    assert statuses[1:-1] == ["running"] * (len(history) - 2)
    assert statuses[-1] == "completed"


def test_show_names_the_versions_there_are(filled: CommandLine) -> None:
    count = len(filled.history("good"))
    assert f"has the versions 1 to {count}, not {count + 1}" in filled("show", "good", "--at", str(count + 1), code=1).complaint


def test_history_has_one_object_a_line_with_what_the_events_leave_out(filled: CommandLine) -> None:
    events = filled.history("good")
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert set(events[0]) == {"version", "type", "path", "attempt", "recorded_at", "data", "actor", "correlation_id"}
    created = events[0]["data"]
    assert (created["workflow"], created["version"], created["input"]) == ("tiny", 1, {"n": 4})
    double = next(event for event in events if event["type"] == "NodeCompleted" and event["path"] == "double")
    assert (double["attempt"], double["data"]["output"], double["data"]["ports"]) == (1, 8, ["out"])
    incident = next(event for event in filled.history("stuck") if event["type"] == "IncidentRaised")
    assert incident["data"]["failure"]["type"] == "ZeroDivisionError"


def test_history_is_a_table_for_people(filled: CommandLine) -> None:
    text = filled("history", "stuck").out
    assert text.splitlines()[0].split() == ["VERSION", "TIME", "TYPE", "PATH", "ATTEMPT"]
    assert "IncidentRaised" in text
    assert "ZeroDivisionError: " in text


def test_incidents_lists_what_needs_a_person(filled: CommandLine) -> None:
    (incident,) = filled("incidents", "--json").json
    assert (incident["execution_id"], incident["incident"], incident["path"]) == ("stuck", "1", "divide")
    assert incident["error"]["type"] == "ZeroDivisionError"
    assert re.search(r"^stuck  +1  +divide  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ZeroDivisionError", filled("incidents").out, re.MULTILINE)
    assert "; it needs a person and waits for incident 2 at divide\n" in filled("resolve", "stuck", "retry").out


def test_verify_decides_everything_again(filled: CommandLine) -> None:
    result = filled("verify", "--all", "--json").json
    assert result["executions"] == 4
    assert result["differences"] == []
    assert "4 executions decided again: 0 differences" in filled("verify").out
    assert filled("verify", "good", "--json").json["executions"] == 1


def test_verify_ends_with_1_where_a_history_is_not_what_is_decided(filled: CommandLine) -> None:
    change_definition_of_tiny(filled.data / "log.db")
    complaint = filled("verify", "good", code=1).complaint
    for part in ("execution good, event ", "node double", "expected ", "found "):
        assert part in complaint
    difference = filled("verify", "--all", "--json", code=1).json["differences"][0]
    assert set(difference) == {"execution", "event", "node", "expected", "found"}
    assert (difference["execution"], difference["node"]) == ("good", "double")


def change_definition_of_tiny(log: Path) -> None:
    """Put another definition under the hash of the published one, and hide every trace, as no honest hand would."""
    import msgspec

    from contracts import codec
    from contracts.catalog import CatalogRecord
    from infra.log.body import Body
    from infra.log.links import BEGINNING, Walk, digest_of, link

    connection = sqlite3.connect(log)
    before, walk = BEGINNING, Walk()
    for number, (place, count, stored) in enumerate(
        connection.execute("SELECT place, count, body FROM definitions ORDER BY place").fetchall()
    ):
        body = walk.take(place, count, stored)
        if not number:
            first, *others = Body().decode(body, count)
            published = msgspec.msgpack.decode(first, type=CatalogRecord)
            content = published.content.replace(b"input * 2", b"input * 3").replace(b": 21 ", b": 22 ")
            assert content != published.content
            body = Body().encode([codec.pack(msgspec.structs.replace(published, content=content)), *others])
        changed = link(before, body)
        connection.execute("UPDATE definitions SET body = ? WHERE place = ?", (changed, place))
        before = digest_of(place, count, changed)
    connection.commit()
    connection.close()
    log.with_name("log.db-end").unlink()


@pytest.mark.parametrize(
    "verb", [("show",), ("history",), ("verify",), ("signal",), ("pause",), ("resume",), ("cancel",), ("terminate",), ("resolve",)]
)
def test_an_unknown_execution_is_named(filled: CommandLine, verb: str) -> None:
    more = {"signal": ["approved"], "resolve": ["retry"]}.get(verb[0], [])
    assert "there is no execution nobody" in filled(*verb, "nobody", *more, code=1).complaint


@pytest.mark.parametrize("words", [["list"], ["show", "x"], ["continue"], ["signal", "x", "y"], ["verify"], ["incidents"]])
def test_a_missing_data_folder_is_named_and_not_made(refold: CommandLine, words: list[str]) -> None:
    assert f"there is no data folder {refold.data}" in refold(*words, code=1).complaint
    assert not refold.data.exists()


def test_doctor_finds_all_well(filled: CommandLine) -> None:
    result = filled("doctor", "--json").json
    assert result["ok"]
    checks = {check["what"]: check for check in result["checks"]}
    assert checks["executions"]["found"] == "4, 2 of them open"
    assert checks["held by"]["found"] == "nobody"
    assert "all is well" in filled("doctor").out


def test_doctor_works_without_a_data_folder(refold: CommandLine) -> None:
    assert refold("doctor", "--json").json["ok"]


def test_validate_says_what_is_wrong(refold: CommandLine, tiny: Path) -> None:
    assert "is valid: workflow tiny" in refold("validate", tiny).out
    said = {"file": str(tiny), "valid": True, "workflow": "tiny", "problems": [], "warnings": [], "schedules": []}
    assert refold("validate", tiny, "--json").json == said
    due = refold.file(
        "due.yaml", "name: x\ntriggers: [{id: t, type: schedule, at: '2099-01-01T00:00:00Z'}]\nnodes: [{id: a, type: noop}]\n"
    )
    assert "trigger t fires next at 2099-01-01T00:00:00.000Z" in refold("validate", due).out
    assert refold("validate", due, "--json").json["schedules"] == [{"trigger": "t", "next": ["2099-01-01T00:00:00.000Z"]}]
    bad = refold.file("bad.yaml", "name: x\nnodes: [{id: a, type: nop}]\n")
    assert (
        "nodes[0].type (node a): there is no kind `nop` (unknown_kind); did you mean `noop`?" in refold("validate", bad, code=2).complaint
    )
    result = refold("validate", bad, "--json", code=2).json
    assert result["valid"] is False
    assert set(result["problems"][0]) == {"path", "rule", "message", "fix", "line", "column", "node"}


def test_node_kinds_lists_control_flow_and_activities(refold: CommandLine) -> None:
    kinds = {kind["kind"]: kind for kind in refold("node-kinds", "--json").json}
    assert kinds["for_each"]["sort"] == "control flow"
    assert kinds["http_request"]["sort"] == "activity"
    assert kinds["delay"]["config"]["properties"]["for"]
    assert "wait_signal" in refold("node-kinds").out


def test_schemas_are_printed_or_written(refold: CommandLine) -> None:
    printed = refold("schemas").json
    assert "definition" in printed
    refold("schemas", "--write", "out/schemas")
    for name, schema in printed.items():
        assert json.loads((refold.folder / "out" / "schemas" / f"{name}.json").read_text()) == schema


def test_the_version_and_an_unknown_command(refold: CommandLine) -> None:
    assert refold("--version").out.strip() == f"refold {__version__}"
    assert "frobnicate" in refold("frobnicate", code=2).complaint
