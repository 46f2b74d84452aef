"""What reaches a terminal is text: nothing that comes from data commands it."""

import io
import json
import logging
import os
import re
import sys

import pytest

from refold.cli.commands.output import table
from refold.worker.logs import FORMATS, handler
from refold.worker.terminal import escaped
from tests.cli.conftest import CommandLine

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NASTY = "\x1b]0;owned\x07\x9b31m\u202edetter\r"
NOISY = {
    "name": "noisy",
    "nodes": [
        {"id": "set", "type": "transform", "config": {"operation": "value", "value": NASTY}},
        {"id": "wait", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "no", "type": "fail", "config": {"type": "x", "message": NASTY}},
    ],
    "edges": [{"from": "set", "to": "wait"}, {"from": "wait.received", "to": "no"}],
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"), ("\x1b[2J", "\\u001b[2J"), ("\x07\x08\r\x7f", "\\u0007\\u0008\\u000d\\u007f"), ("\x9b31m", "\\u009b31m"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"), ("\ud83d", "\\ud83d"), ("ä€😀", "ä€😀"),
    ],
)  # fmt: skip
def test_what_would_command_a_terminal_is_shown_by_its_number(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_json_stays_the_same_value() -> None:
    assert json.loads(escaped(json.dumps(NASTY + "\x7f\x85", ensure_ascii=False))) == NASTY + "\x7f\x85"


@pytest.mark.parametrize("log_format", FORMATS)
def test_logs_are_shown_alike(log_format: str) -> None:
    try:
        raise ValueError(NASTY)
    except ValueError:
        record = logging.LogRecord("x", logging.INFO, "", 0, "said %s", (NASTY,), sys.exc_info())
    assert not COMMANDS.search(handler(log_format).format(record))


def test_no_command_lets_data_command_the_terminal(refold: CommandLine) -> None:
    file = refold.file("noisy.json", json.dumps(NOISY))
    said = [refold("run", file, "--id", "n", "--timeout", "0.1", code=1), refold("list"), refold("show", "n"), refold("history", "n")]
    said += [
        refold("signal", "n", "go", json.dumps(NASTY)),
        refold("signal", "n", f"go{NASTY}", code=1),
        refold("incidents"),
        refold("list"),
        refold("history", "n", "--json"),
    ]
    said += [refold("cancel", "n", "--reason", NASTY), refold("show", "n"), refold("list", "--status", NASTY, code=2)]
    for one in said:
        assert not COMMANDS.search(one.out + one.err)
    outputs = [json.loads(line)["data"].get("output") for line in said[8].out.splitlines()]
    assert NASTY in outputs


class Narrow(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def shown(monkeypatch: pytest.MonkeyPatch, columns: int, *rows: tuple[str, ...]) -> list[str]:
    """A table, the first row of which is its head, in a terminal of so many columns."""
    terminal = Narrow()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setattr("os.get_terminal_size", lambda fd: os.terminal_size((columns, 24)))
    table(rows[0], rows[1:])
    return terminal.getvalue().splitlines()


def test_columns_for_which_a_terminal_has_no_room_stand_below(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ("EXECUTION", "STATUS", "WAITING FOR"), ("order-1", "running", "signal approved"), ("order-2", "completed", "")
    assert shown(monkeypatch, 37, *rows) == [
        "EXECUTION  STATUS     WAITING FOR", "order-1    running    signal approved", "order-2    completed",
    ]  # fmt: skip
    assert shown(monkeypatch, 36, *rows) == [
        "EXECUTION  STATUS", "    WAITING FOR", "order-1    running", "    signal approved", "order-2    completed",
    ]  # fmt: skip
    assert shown(monkeypatch, 14, *rows)[:3] == ["EXECUTION", "    STATUS", "    WAITING F…"]


def test_a_long_last_column_is_cut_where_enough_of_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 30, ("N", ""), ("1", "x" * 99)) == ["N", "1  " + "x" * 26 + "…"]
    assert shown(monkeypatch, 26, ("N", ""), ("1", "x" * 99)) == ["N", "1", "    " + "x" * 21 + "…"]
