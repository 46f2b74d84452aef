"""Damages a SQLite log in many ways at random places, and sees that nothing acknowledged vanishes without a word.

    python -m tests.ports.damage --tries 1000 [--seed 1]        prints how many of each were refused, or changed nothing

A process is killed in its work, so that the last rounds are in the write-ahead log alone. Each try damages a copy of what
it left behind, opens it and reads it whole.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

from contracts.errors import LogCorrupt, LogError
from infra.log.sqlite import SqliteLog

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = 4096
WRITER: Final = """
import sys
from infra.log.sqlite import SqliteLog

log = SqliteLog(sys.argv[1])
for number in range(int(sys.argv[2])):
    batch = [b"%d/%d:" % (number, place) + bytes([number % 251]) * (number * 37 % 3000) for place in range(number % 5 + 1)]
    log.append("definitions", {0: [b"%d" % number]})
    print(log.append("journal", {0: batch})[0] + len(batch), flush=True)
sys.stdin.read()
"""
Left: TypeAlias = tuple[int, list[tuple[int, bytes]]]
Damage: TypeAlias = Callable[[Path, random.Random], object]


def records(end: int) -> list[tuple[int, bytes]]:
    """What the writer has appended up to an end."""
    found: list[tuple[int, bytes]] = []
    number = 0
    while len(found) < end:
        for place in range(number % 5 + 1):
            found.append((len(found), b"%d/%d:" % (number, place) + bytes([number % 251]) * (number * 37 % 3000)))
        number += 1
    return found


def leave_behind(folder: Path, rounds: int) -> Left:
    """Run a writer in the folder and kill it: what was acknowledged, and the records up to there."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder / "log.db"), str(rounds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(rounds)][-1]
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    (folder / "log.db-shm").unlink()
    return acknowledged, records(acknowledged)


# What is done.


def _flip(path: Path, chance: random.Random) -> None:
    with path.open("r+b") as file:
        place = chance.randrange(path.stat().st_size)
        file.seek(place)
        found = file.read(1)[0]
        file.seek(place)
        file.write(bytes([found ^ 1 << chance.randrange(8)]))


def _zero(path: Path, chance: random.Random, size: int = PAGE) -> None:
    with path.open("r+b") as file:
        file.seek(chance.randrange(max(1, path.stat().st_size - size)))
        file.write(bytes(size))


def _zero_page(path: Path, chance: random.Random) -> None:
    with path.open("r+b") as file:
        file.seek(PAGE * chance.randrange(path.stat().st_size // PAGE))
        file.write(bytes(PAGE))


def _in_wal(damage: Damage) -> Damage:
    return lambda folder, chance: damage(folder / "log.db-wal", chance)


def _in_file(damage: Damage) -> Damage:
    return lambda folder, chance: damage(folder / "log.db", chance)


def _cut(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def _rows(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "log.db", isolation_level=None)


def _delete_last(folder: Path, chance: random.Random) -> None:
    with closing(_rows(folder)) as rows:
        rows.execute(f"DELETE FROM journal WHERE place IN (SELECT place FROM journal ORDER BY place DESC LIMIT {chance.randint(1, 9)})")


def _swap(folder: Path, chance: random.Random) -> None:
    """Two rows of the same number of records, wherever there are any."""
    with closing(_rows(folder)) as rows:
        found = rows.execute("SELECT place, count, body FROM journal").fetchall()
        first = chance.choice(found)
        others = [row for row in found if row[1] == first[1] and row[0] != first[0]]
        second = chance.choice(others)
        rows.execute("UPDATE journal SET body = ? WHERE place = ?", (second[2], first[0]))
        rows.execute("UPDATE journal SET body = ? WHERE place = ?", (first[2], second[0]))


def _double_last(folder: Path, chance: random.Random) -> None:
    with closing(_rows(folder)) as rows:
        rows.execute("INSERT INTO journal SELECT place + count, count, body FROM journal ORDER BY place DESC LIMIT 1")


def _take_out(folder: Path, chance: random.Random) -> None:
    """A row from the middle; those behind it move up."""
    with closing(_rows(folder)) as rows:
        found = rows.execute("SELECT place, count FROM journal ORDER BY place").fetchall()
        place, count = chance.choice(found[1:-1])
        rows.execute("DELETE FROM journal WHERE place = ?", (place,))
        for later, _ in found:
            if later > place:
                rows.execute("UPDATE journal SET place = ? WHERE place = ?", (later - count, later))


DAMAGE: Final[dict[str, Damage]] = {
    "a bit of the write-ahead log flipped": _in_wal(_flip),
    "a page of the write-ahead log zeroed": _in_wal(_zero),
    "the write-ahead log cut off": _in_wal(_cut),
    "the write-ahead log deleted": lambda folder, chance: (folder / "log.db-wal").unlink(),
    "a bit of the file flipped": _in_file(_flip),
    "a page of the file zeroed": _in_file(_zero_page),
    "a range of the file zeroed": _in_file(lambda path, chance: _zero(path, chance, chance.randint(1, 20_000))),
    "rows deleted at the end": _delete_last,
    "two rows exchanged": _swap,
    "the last row doubled": _double_last,
    "a row taken out of the middle": _take_out,
    "a bit of the second place flipped": lambda folder, chance: _flip(folder / "log.db-end", chance),
    "the second place zeroed": lambda folder, chance: _zero(folder / "log.db-end", chance, chance.randint(1, PAGE)),
    "the second place cut off": lambda folder, chance: _cut(folder / "log.db-end", chance),
    "the second place deleted": lambda folder, chance: (folder / "log.db-end").unlink(),
}


def outcome(folder: Path, left: Left) -> str:
    """What comes of opening and reading a damaged log: `refused`, `whole`, or what must not be."""
    acknowledged, written = left
    try:
        with closing(SqliteLog(folder / "log.db")) as log:
            found = list(log.read("journal", 0))
            list(log.read("definitions", 0))
    except LogCorrupt:
        return "refused"
    except LogError as error:
        return f"refused as if it could pass: {error}"
    except Exception as error:
        return f"a traceback: {type(error).__name__}"
    if found[: len(written)] != written:
        return f"lost without a word: {acknowledged - len(found)} records"
    return "whole"


def campaign(damage: Damage, tries: int, seed: int, scratch: Path, left: Left, base: Path) -> Counter[str]:
    """Damage copies of what was left behind; how often each outcome came."""
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    for _ in range(tries):
        folder = scratch / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(base, folder)
        damage(folder, chance)
        found[outcome(folder, left)] += 1
    return found


def main() -> int:
    """Run them all; 1 if anything vanished or ended in a traceback."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.getLogger("refold").addHandler(logging.NullHandler())
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch, "base")
        base.mkdir()
        left = leave_behind(base, 130)
        for name, damage in DAMAGE.items():
            found = campaign(damage, arguments.tries, arguments.seed, Path(scratch), left, base)
            total += found
            sys.stdout.write(f"{name:40} {dict(found)}\n")
    return 1 if set(total) - {"refused", "whole"} else 0


if __name__ == "__main__":
    sys.exit(main())
