"""The snippets of the docs run, and give what the docs say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import preloaded

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "docs" / "snippets"

RUNS: dict[str, tuple[dict[str, Any], Any]] = {
    "first": ({"name": "World"}, {"greeting": "Hello, World!"}),
    "hello": ({"name": "World"}, {"greeting": "Hello, World!"}),
    "order": ({"order_id": "A-1", "amount": 250}, "A-1 is shipped"),
    "totals": ({"lines": [{"price": 3, "count": 2}, {"price": 5, "count": 1}]}, 11),
    "inbox": ({}, "Dear Refold\n"),
    "laps": ({}, [f"lap {number}" for number in range(6)]),
}


def refold(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a user calls it."""
    return preloaded.run(*arguments, cwd=folder)


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    return msgspec.json.decode(done.stdout)


def is_verified(folder: Path) -> bool:
    return refold(folder, "verify").returncode == 0


def test_every_snippet_has_a_run() -> None:
    assert {snippet.stem for snippet in SNIPPETS.glob("*.yaml")} == {*RUNS, "approval"}


@pytest.mark.parametrize("name", sorted(RUNS))
def test_a_snippet_gives_what_the_docs_say(name: str, tmp_path: Path) -> None:
    given, expected = RUNS[name]
    (tmp_path / "letter.txt").write_text("Dear Refold\n")
    text = msgspec.json.encode(given).decode()
    done = refold(tmp_path, "run", str(SNIPPETS / f"{name}.yaml"), "--input", text, "--files", ".", "--json")
    assert (done.returncode, answer(done)["output"]) == (0, expected), done.stderr
    assert is_verified(tmp_path)


def test_the_tutorial_s_incident_is_resolved_once_the_file_is_there(tmp_path: Path) -> None:
    failed = refold(tmp_path, "run", str(SNIPPETS / "inbox.yaml"), "--files", ".", "--id", "inbox-1", "--json")
    assert (failed.returncode, answer(failed)["status"]) == (1, "incident"), failed.stderr
    (tmp_path / "letter.txt").write_text("Dear Refold\n")
    resolved = refold(tmp_path, "resolve", "inbox-1", "retry", "--files", ".", "--json")
    assert (resolved.returncode, answer(resolved)["status"]) == (0, "completed"), resolved.stderr
    assert is_verified(tmp_path)


def test_the_tutorial_s_approval_waits_and_takes_the_signal_that_is_meant(tmp_path: Path) -> None:
    given = '{"order_id": "A-1"}'
    waiting = refold(tmp_path, "run", str(SNIPPETS / "approval.yaml"), "--input", given, "--id", "approval-1", "--timeout", "0.2")
    assert "waits for signal approved" in waiting.stderr
    refold(tmp_path, "signal", "approval-1", "approved", '{"order_id": "B-2", "by": "Bob"}')
    refold(tmp_path, "signal", "approval-1", "approved", '{"order_id": "A-1", "by": "Ada"}')
    shown = answer(refold(tmp_path, "show", "approval-1", "--json"))
    assert (shown["status"], shown["outcome"], shown["output"]) == ("completed", "shipped", {"by": "Ada"})
    assert is_verified(tmp_path)


def test_the_tutorial_s_kill_loses_nothing(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "refold", "run", str(SNIPPETS / "laps.yaml"), "--id", "laps-1"]
    running = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not _has_begun(tmp_path):
        assert running.poll() is None, "it ended before it was killed"
    running.kill()
    running.wait()
    went_on = refold(tmp_path, "continue", "--json")
    assert answer(went_on)["ended"] == [{"execution_id": "laps-1", "status": "completed"}], went_on.stderr
    shown = answer(refold(tmp_path, "show", "laps-1", "--json"))
    assert shown["output"] == RUNS["laps"][1]
    assert is_verified(tmp_path)


def _has_begun(folder: Path) -> bool:
    """Whether the second lap has begun."""
    return "laps[1]/work" in refold(folder, "history", "laps-1").stdout


@pytest.mark.parametrize(
    ("page", "before", "snippet"), [("tutorial.md", "definition ", "laps"), ("reference/http-api.md", '"hash":"', "hello")]
)
def test_a_hash_on_a_page_is_that_of_its_snippet(tmp_path: Path, page: str, before: str, snippet: str) -> None:
    told = msgspec.json.decode(refold(tmp_path, "deploy", str(SNIPPETS / f"{snippet}.yaml"), "--json").stdout)
    shown = set(re.findall(f"{before}([0-9a-f]{{8,}})", (ROOT / "docs" / page).read_text()))
    assert shown
    assert all(told["hash"].startswith(one) for one in shown), (shown, told["hash"])
