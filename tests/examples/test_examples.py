"""Every example is valid and runs to its end, in the manner its first lines say."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import preloaded

ROOT = Path(__file__).parents[2]
NEEDS_A_SERVER = {"user_activities", "sort_mail", "support_agent", "stuck_executions"}
"""Run in `tests/sdk`, in `tests/ai`, and in `tests/connectors`."""
DEFINITIONS = sorted(file for file in (ROOT / "examples").glob("*.yaml") if not file.stem.endswith(".test"))
EXAMPLES = [file for file in DEFINITIONS if file.stem not in NEEDS_A_SERVER]
INPUTS = {"order_fulfilment": {"order_id": "A-1", "amount": 250}, "nightly_report": {"day": "2026-11-21"}, "after_import": {"rows": 7}}
INPUTS["webhook_order"] = INPUTS["order_fulfilment"]
INPUTS["answer_from_documents"] = {"question": "When do I get my money back?"}
INPUTS["sign_in"] = {"password": "correct horse battery"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the examples to write in."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("output"))
    return tmp_path


def refold(folder: Path, *words: str | Path, code: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REFOLD_DATA": str(folder / "data")}
    done = preloaded.run(*words, cwd=folder, env=environment, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def run(folder: Path, name: str, given: Any = None, code: int = 0, more: Sequence[str] = ()) -> Any:
    file = folder / "examples" / f"{name}.yaml"
    return json.loads(
        refold(folder, "run", file, "--files", folder / "examples", "--json", "--input", json.dumps(given or {}), *more, code=code)
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid_and_runs_to_its_end(folder: Path, example: Path) -> None:
    assert "is valid" in refold(folder, "validate", example)
    result = run(folder, example.stem, INPUTS.get(example.stem))
    assert result["status"] == "completed"
    assert "0 differences" in refold(folder, "verify", "--all")


def test_every_example_has_tests_that_pass_and_take_each_of_its_nodes(folder: Path) -> None:
    assert {file.stem for file in DEFINITIONS} == {file.stem.removesuffix(".test") for file in (ROOT / "examples").glob("*.test.yaml")}
    found = json.loads(refold(folder, "test", "examples", "--worker", "examples.activities", "--coverage", "--json"))
    assert (found["failed"], found["error"]) == (0, 0)
    assert {one["workflow"]: one["nodes"]["missing"] for one in found["coverage"]} == {file.stem: [] for file in DEFINITIONS}


def test_the_weather_is_what_the_file_says(folder: Path) -> None:
    result = run(folder, "seattle_weather")
    output = result["output"]
    assert (output["rows"], output["rejected"]) == (1461, 0)
    years = {year["total"]["year"]: (year["kind"], year["total"]["days"], year["total"]["rain_mm"]) for year in output["years"]}
    assert years == {
        "2012": ("wet", 366, 1226.0),
        "2013": ("dry", 365, 828.0),
        "2014": ("wet", 365, 1232.8),
        "2015": ("usual", 365, 1139.2),
    }
    report = (folder / "examples" / output["report"]).read_text()
    assert "| 2013 | 828.0 | 152 | 12.1 | 2013/06/30 | dry |" in report


def test_the_flaky_step_fails_at_first_every_time(folder: Path) -> None:
    for _ in range(2):
        result = run(folder, "seattle_weather")
        events = [json.loads(line) for line in refold(folder, "history", result["execution_id"], "--json").splitlines()]
        failures = [event["data"]["failure"]["type"] for event in events if event["type"] == "NodeRetried"]
        assert len(failures) >= 1
        assert set(failures) == {"file.not_found"}


def test_rows_that_cannot_be_are_rejected(folder: Path) -> None:
    rows = (folder / "examples/data/seattle-weather.csv").read_text().splitlines()
    rows[5:7] = ["2012/01/05,1.0,5.0,9.0,4.7,rain", "2012/01/06,much,5.0,1.0,4.7,rain"]
    (folder / "examples/data/bad.csv").write_text("\n".join(rows) + "\n")
    output = run(folder, "seattle_weather", {"file": "data/bad.csv"})["output"]
    assert (output["rows"], output["rejected"]) == (1461, 2)


def test_a_big_order_waits_for_its_approval(folder: Path) -> None:
    given = {"order_id": "A-2", "amount": 25000}
    waiting = run(folder, "order_fulfilment", given, code=1, more=("--id", "big", "--timeout", "1.5"))
    assert waiting["status"] == "running"
    refold(folder, "signal", "big", "approved", '{"order_id": "another"}')
    signalled = json.loads(refold(folder, "signal", "big", "approved", '{"order_id": "A-2", "by": "Ada"}', "--json"))
    assert signalled["status"] == "completed"
    assert json.loads(refold(folder, "show", "big", "--json"))["output"]["approved_by"] == "Ada"


@pytest.mark.parametrize(("more", "error"), [({"fail_at": "shipping"}, "ValueError"), ({"country": "XX"}, "order.fraud")])
def test_a_failed_order_is_undone_newest_first(folder: Path, more: dict[str, Any], error: str) -> None:
    result = run(folder, "order_fulfilment", {"order_id": "A-3", "amount": 9, **more}, code=1)
    assert (result["status"], result["error"]["type"]) == ("failed", error)
    events = [json.loads(line) for line in refold(folder, "history", result["execution_id"], "--json").splitlines()]
    undone = [event["path"] for event in events if event["type"] == "NodeCompleted" and event["path"].endswith(".compensate")]
    assert undone == ["prepare.stock/reserve.compensate", "charge.compensate"]


def test_a_password_is_seen_by_the_activity_alone(folder: Path) -> None:
    result = run(folder, "sign_in", {"password": "correct horse battery"})
    assert result["output"] == {"strong": True, "header": "ann:•••"}
    assert "correct horse" not in refold(folder, "history", result["execution_id"], "--json")
