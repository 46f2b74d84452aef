"""Templates over HTTP: those that come with Refold, a team's own, and files that cannot be shown."""

from __future__ import annotations

from pathlib import Path

from tests.api.conftest import ROOT, Server


def test_the_examples_are_templates_and_each_is_a_definition_that_could_be_published(server: Server) -> None:
    found = server.get("/v1/templates").json
    assert found["broken"] == []
    assert [one["id"] for one in found["templates"]] == sorted(
        file.stem for file in (ROOT / "examples").glob("*.yaml") if not file.stem.endswith(".test")
    )
    approval = next(one for one in found["templates"] if one["id"] == "approval")
    assert (approval["origin"], approval["title"], approval["holes"][0]["at"]) == (
        "shipped", "Approve a payment", ["nodes", 0, "config", "assignees", 0],
    )  # fmt: skip
    for one in found["templates"]:
        checked = server.ask("POST", "/v1/workflows/validate", one["text"].encode(), {"Content-Type": "application/yaml"}).json
        lacks = ["unknown_connector"] if one["id"] == "stuck_executions" else []  # which its first lines say how to publish
        assert [problem["rule"] for problem in checked["problems"]] == lacks, (one["id"], checked["problems"])


def test_a_team_has_a_folder_of_its_own_and_a_broken_file_in_it_hides_no_other(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "good.yaml").write_text(
        "# template:\n#   holes: {n: {at: variables.n}}\nname: good\nvariables: {n: 9007199254740993}\nnodes: []\n"
    )
    (own / "approval.json").write_text('{"name": "ours", "nodes": []}')
    (own / "broken.yaml").write_text("name: [")
    (own / "notes.txt").write_text("no template")
    (own / "folder.yaml").mkdir()
    served = Server(tmp_path / "data", engine={"templates": str(own)})
    try:
        answer = served.get("/v1/templates")
        found = answer.json
        assert [(one["id"], one["origin"]) for one in found["templates"][:3]] == [
            ("approval", "own"), ("good", "own"), ("after_import", "shipped"),
        ]  # fmt: skip
        assert found["templates"][0]["name"] == "ours"
        assert b'"default":9007199254740993' in answer.content
        assert [one["file"] for one in found["broken"]] == ["broken.yaml", "folder.yaml"]
        assert "the file: " in found["broken"][0]["problem"]
        (own / "broken.yaml").write_text("name: mended\nnodes: []\n")
        assert "broken" in [one["id"] for one in served.get("/v1/templates").json["templates"]]
    finally:
        served.kill()


def test_a_folder_that_is_not_there_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    served = Server(tmp_path / "data", engine={"templates": str(tmp_path / "nowhere")})
    try:
        found = served.get("/v1/templates").json
        assert found["broken"][0]["file"] == str(tmp_path / "nowhere")
        assert found["templates"]
    finally:
        served.kill()
