"""The registry of activity kinds: those built in and those that other packages bring."""

from pathlib import Path

import pytest

from contracts.commands import Command, CompleteActivity, FailActivity, RunActivity
from infra.clock import ManualClock
from workers.running.activities import load_kinds
from workers.running.activity_settings import ActivitySettings
from workers.running.activity_worker import ActivityWorker
from workers.running.attempt import Attempt

MODULE = """
from pydantic import BaseModel

class Config(BaseModel):
    number: str

class Fax:
    name = "fax"
    summary = "Sends a fax."
    Config = Config
    def run(self, context, config, data):
        return {"sent_to": config["number"]}

class Noop(Fax):
    name = "noop"

class Nameless:
    summary = "?"

pager = Fax()
pager.name = "pager"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package on the path that brings kinds, good ones and broken ones."""
    (tmp_path / "acme_fax.py").write_text(MODULE)
    package = tmp_path / "acme_fax-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-fax\nVersion: 1.0\n")
    entries = {"fax": "Fax", "pager": "pager", "noop": "Noop", "nameless": "Nameless", "missing": "Missing", "gone": None}
    lines = [f"{name} = acme_fax:{value}" if value else f"{name} = acme_gone:x" for name, value in entries.items()]
    (package / "entry_points.txt").write_text("\n".join(["[refold.activities]", *lines, ""]))
    monkeypatch.syspath_prepend(tmp_path)
    return "acme-fax"


def test_the_built_in_kinds_are_all_there() -> None:
    kinds = load_kinds(ActivitySettings())
    assert {"noop", "log", "http_request", "code", "read_file", "write_file"} <= set(kinds)
    for name, kind in kinds.items():
        assert (kind.name, bool(kind.summary)) == (name, True)
        assert kind.Config is not None
        for field in kind.Config.model_fields.values():
            assert field.description, f"{name} has a field without a description"


@pytest.mark.usefixtures("install")
def test_a_package_brings_kinds_as_classes_and_objects(attempt: Attempt) -> None:
    kinds = load_kinds(ActivitySettings(), on_problem=lambda text: None)
    assert kinds["fax"].run(attempt, {"number": "1"}, None) == {"sent_to": "1"}
    assert kinds["pager"].name == "pager"


@pytest.mark.usefixtures("install")
def test_the_config_of_a_kind_that_a_package_brings_is_checked_before_an_attempt() -> None:
    kinds = load_kinds(ActivitySettings(), on_problem=lambda text: None)
    told: list[Command] = []
    worker = ActivityWorker(kinds, ActivitySettings(), lambda _, command: told.append(command), ManualClock(0), executor="inline")
    for attempt, config in enumerate((b'{"number":"1"}', b'{"number":1}', b"{}"), start=1):
        worker.run(RunActivity("e", "n", attempt, "fax", config, b"null", "w"))
    while worker.step():
        pass
    completed, *others = told
    failed = [one for one in others if isinstance(one, FailActivity)]
    assert completed == CompleteActivity("n", 1, b'{"sent_to":"1"}')
    assert [(one.failure.type, one.retryable) for one in failed] == [("input.invalid", False)] * 2
    assert "config.number: Input should be a valid string, found 1" in failed[0].failure.message


def test_a_broken_kind_is_told_and_does_not_stop_the_others(install: str) -> None:
    problems: list[str] = []
    kinds = load_kinds(ActivitySettings(), on_problem=problems.append)
    assert "fax" in kinds
    by_name = {problem.split()[2]: problem for problem in problems}
    assert set(by_name) == {"gone", "missing", "nameless", "noop"}
    assert all(install in problem for problem in problems)
    assert "acme_gone" in by_name["gone"]
    assert "`name`" in by_name["nameless"]


@pytest.mark.usefixtures("install")
def test_a_package_may_not_replace_a_built_in_kind() -> None:
    kinds = load_kinds(ActivitySettings(), on_problem=lambda text: None)
    assert type(kinds["noop"]).__module__ == "workers.running.activities.noop"
