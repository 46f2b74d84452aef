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


def test_a_file_is_attached_and_got_back(asked: CommandLine, tmp_path: Path) -> None:
    content, who = bytes(range(256)) * 500, ("--as", "manager@example.com")
    (asked.folder / "bill ä.pdf").write_bytes(content)
    assert "the file bill ä.pdf was attached" in asked("tasks", "attach", TASK, "bill ä.pdf", *who).out
    asked("tasks", "attach", TASK, "bill ä.pdf", "--name", "../../odd\\..", "--media-type", "text/odd", *who)
    shown = asked("tasks", "show", TASK, "--json").json["comments"]
    assert [one["file"] for one in shown] == [
        {"number": 1, "name": "bill ä.pdf", "media_type": "application/pdf"},
        {"number": 2, "name": "../../odd\\..", "media_type": "text/odd"},
    ]
    assert "1: bill ä.pdf" in asked("tasks", "show", TASK).out
    assert asked("tasks", "download", TASK, "1", "got.pdf").out == "attachment 1 is in got.pdf\n"
    assert (asked.folder / "got.pdf").read_bytes() == content
    assert "bill ä.pdf is there already" in asked("tasks", "download", TASK, "1", code=2).complaint
    assert asked("tasks", "download", TASK, "2").out == "attachment 2 is in attachment-2\n"
    assert "nothing is attached to the task" in asked("tasks", "download", TASK, "3", code=1).complaint
    assert "none.pdf cannot be read: No such file" in asked("tasks", "attach", TASK, "none.pdf", *who, code=2).complaint
    assert "is not among those who are asked" in asked("tasks", "attach", TASK, "bill ä.pdf", "--as", "eve", code=1).complaint
