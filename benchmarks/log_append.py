"""What a durable round costs: appends to a SQLite log in rounds of 1, 30 and 100 records, and reads them back.

    python -m benchmarks.log_append [folder] [--rounds 500]

The folder decides which disk is measured (default: the present one). Two kinds of content: `random` cannot be
compressed; `alike` is what decisions are: the same field names and ids, other numbers.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from infra.log.sqlite import SqliteLog

RECORD_BYTES = 250


def random_record(number: int) -> bytes:
    return os.urandom(RECORD_BYTES)


def alike_record(number: int) -> bytes:
    who = f'{{"execution":"01JD8K2M5V0{number:09d}","path":"charge_card","attempt":1,"worker":"worker-7",'
    what = f'"output":{{"order":{number},"total":{number * 37},"currency":"EUR","status":"captured","customer":"c-{number % 97}"}}}}'
    return (who + what).encode().ljust(RECORD_BYTES)[:RECORD_BYTES]


def append_rounds(log: SqliteLog, make: Callable[[int], bytes], size: int, rounds: int) -> list[float]:
    """Seconds of each round."""
    times = []
    for number in range(rounds):
        batch = [make(number * size + place) for place in range(size)]
        start = time.perf_counter()
        answer = log.append("journal", {0: batch})[0]
        times.append(time.perf_counter() - start)
        assert answer == number * size, answer
    return times


def measure(folder: Path, make: Callable[[int], bytes], size: int, rounds: int) -> str:
    path = folder / f"{make.__name__}-{size}.db"
    with closing(SqliteLog(path)) as log:
        times = append_rounds(log, make, size, rounds)
        start = time.perf_counter()
        count = sum(1 for _ in log.read("journal", 0))
        read_s = time.perf_counter() - start
    assert count == size * rounds
    median_us, mean_us = statistics.median(times) * 1e6, statistics.mean(times) * 1e6
    kind = make.__name__.removesuffix("_record")
    per_record, read_back, stored = mean_us / size, count / read_s, path.stat().st_size / count
    cells = [f"{median_us:.0f}", f"{mean_us:.0f}", f"{per_record:.1f}", f"{1e6 / per_record:,.0f}", f"{read_back:,.0f}", f"{stored:.0f}"]
    return line(kind, str(size), *cells)


def line(*cells: str) -> str:
    return " ".join(f"{cell:>12}" for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    parser.add_argument("--rounds", type=int, default=500)
    arguments = parser.parse_args()
    print(line("content", "records", "µs median", "µs mean", "µs/record", "records/s", "read back/s", "B/record"))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for make in (random_record, alike_record):
            for size in (1, 30, 100):
                print(measure(Path(folder), make, size, arguments.rounds))


if __name__ == "__main__":
    main()
