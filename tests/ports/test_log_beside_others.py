"""The log in a file while other programs look at the same file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import LogCorrupt
from infra.log.sqlite import SqliteLog

Start = Callable[..., Any]
SERVER = """
import sys
from pathlib import Path
from infra.log.sqlite import SqliteLog
log = SqliteLog(Path(sys.argv[1]))
reader = SqliteLog(Path(sys.argv[1]), read_only=True)  # as a server has one beside
for line in sys.stdin:
    print(log.append("journal", {0: [line.strip().encode()]})[0], flush=True)
"""


def tell(process: Any, text: str) -> int:
    process.stdin.write(f"{text}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_another_program_that_opens_the_log_and_closes_it_again_takes_nothing_away(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "log.db"
    server = start(SERVER, path)
    assert tell(server, "before") == 0
    looking = sqlite3.connect(path)  # a person with the program `sqlite3`, say
    assert looking.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    looking.close()
    assert tell(server, "after") == 1
    server.kill()
    server.wait()
    log = SqliteLog(path)
    assert [content for _, content in log.read("journal", 0)] == [b"before", b"after"]
    log.close()


def test_a_log_that_is_open_can_be_opened_again_and_closed_any_number_of_times(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    first = SqliteLog(path)
    for number in range(3):
        SqliteLog(path, read_only=True).close()
        assert first.append("journal", {0: [b"%d" % number]}) == {0: number}
    first.close()
    with path.open("r+b") as file:
        file.write(b"x")
    with pytest.raises(LogCorrupt, match="is not a Refold log"):  # nobody has it open any more, so it is looked at again
        SqliteLog(path)
