"""`refold tasks`: what people are asked, and what a person does about it, in a data folder and at a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CommandLine, Result

APPROVAL = Path(__file__).parents[2] / "examples" / "approval.yaml"
PAYMENT = '{"payee": "ACME", "amount": 2500.0}'
TASK = "pay-1~approve@1"


class Served(CommandLine):
    """The same, each command to a server."""

    def __call__(self, *words: str | Path, **more: Any) -> Result:
        return super().__call__(*words, "--server", self.url, **more)


@pytest.fixture(params=[CommandLine, Served])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CommandLine]:
    """A place where two people are asked whether to pay."""
    line: CommandLine = request.param(tmp_path)
    if request.param is Served:
        line.url = line.serve()
    found = line("run", APPROVAL, "--id", "pay-1", "--input", PAYMENT, code=1)
    assert "waits for task approve of manager@example.com, group:finance: refold tasks show 'pay-1~approve@1'" in found.err
    yield line
    line.close()


def test_who_is_asked_sees_it_and_answers_it(asked: CommandLine) -> None:
    (found,) = asked("tasks", "list", "--mine", "--as", "manager@example.com", "--json").json
    assert (found["task_id"], found["question"], found["status"]) == (TASK, "Pay 2500.0 € to ACME?", "open")
    assert asked("tasks", "list", "--mine", "--as", "eve").out == "nobody is asked anything\n"
    first = asked("tasks", "answer", TASK, "approved", "--as", "manager@example.com", "--comment", "as agreed")
    assert first.out.startswith("execution pay-1: manager@example.com has answered approved; it is running and waits for task approve")
    assert "has answered already" in asked("tasks", "answer", TASK, "rejected", "--as", "Manager@Example.com", code=1).complaint
    second = asked("tasks", "answer", TASK, "approved", "--as", "ada@example.com", "--group", "finance", "--json")
    assert second.json["status"] == "completed"
    shown = asked("tasks", "show", TASK).out
    assert "answered, asked: manager@example.com, group:finance" in shown
    assert "manager@example.com answered approved: as agreed" in shown
    assert asked("show", "pay-1", "--json").json["output"]["approved_by"] == ["manager@example.com", "ada@example.com"]


def test_who_may_not_is_told_so(asked: CommandLine) -> None:
    assert "eve is not among those who are asked" in asked("tasks", "answer", TASK, "approved", "--as", "eve", code=1).complaint
    assert "there is no task nothing" in asked("tasks", "show", "nothing", code=1).complaint
    assert "found that of a group" in asked("tasks", "claim", TASK, "--as", "group:finance", code=2).complaint
    assert "expected printable characters" in asked("tasks", "claim", TASK, "--as", "a,b", code=2).complaint


def test_it_is_handed_on_and_talked_about(asked: CommandLine) -> None:
    asked("tasks", "comment", TASK, "why?", "--as", "manager@example.com")
    asked("tasks", "delegate", TASK, "bob@example.com", "--as", "manager@example.com", "--comment", "I am away")
    assert "several people are to answer" in asked("tasks", "claim", TASK, "--as", "bob@example.com", code=1).complaint
    assert asked("tasks", "list", "--json").json[0]["assignees"] == ["group:finance", "bob@example.com"]
    assert "manager@example.com: why?" in asked("tasks", "show", TASK).out
