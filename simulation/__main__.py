"""`python -m simulation`: run many seeds on all cores; of the first that breaks a rule, print how, and make it small.

--seeds 1000 --first 0     so many seeds, from this one on
--decisions 1000000        as many seeds as it takes for so many decisions
--seed 7                   one seed, with its history
--plan FILE                a plan that was kept, with its history
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Final

from simulation.plan import Plan, decode_plan, encode_plan, make_plan
from simulation.run import Outcome, run_plan, run_seeds, scratch
from simulation.shrink import shrink

CHUNK: Final = 50
"""So many seeds are given to a process at a time."""
HISTORY_LINES_MAX: Final = 60
TELL_EVERY: Final = 20_000
"""After so many decisions a long run says how far it is."""


def main() -> int:
    """Run what was asked for; 1 where a rule is broken."""
    asked = _arguments().parse_args()
    if asked.plan is not None:
        return _show(decode_plan(asked.plan.read_bytes()))
    if asked.seed is not None:
        return _show(make_plan(asked.seed))
    began = time.monotonic()
    seeds = decisions = told = 0
    for outcomes in _outcomes(asked.first, None if asked.decisions else asked.seeds, asked.processes):
        for outcome in outcomes:
            seeds, decisions = seeds + 1, decisions + outcome.decisions
            if asked.fingerprints:
                print(outcome.seed, outcome.fingerprint)
            if outcome.rule:
                return _tell(outcome)
        if asked.decisions and decisions >= asked.decisions:
            break
        if decisions - told >= TELL_EVERY:
            told = decisions
            print(f"{seeds:,} seeds, {decisions:,} decisions so far", file=sys.stderr, flush=True)
    print(f"{seeds:,} seeds, {decisions:,} decisions, no rule broken, {time.monotonic() - began:.0f} s")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulation", description="Run the whole engine in simulation.")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--decisions", type=int, default=0, help="run seeds until so many decisions were made, however many it takes")
    parser.add_argument("--seed", type=int, help="run this one, and show its history")
    parser.add_argument("--plan", type=Path, help="run a plan that was kept as JSON, and show its history")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many processes run seeds")
    parser.add_argument("--fingerprints", action="store_true", help="print the fingerprint of each history")
    return parser


def _outcomes(first: int, count: int | None, processes: int) -> Iterator[list[Outcome]]:
    """The outcomes of the seeds, a chunk at a time, in the order of the seeds; without a count they have no end."""
    pool = ProcessPoolExecutor(processes)
    under_way: list[Future[list[Outcome]]] = []
    end = None if count is None else first + count
    try:
        while under_way or end is None or first < end:
            while len(under_way) <= processes and (end is None or first < end):
                chunk = range(first, first + CHUNK if end is None else min(end, first + CHUNK))
                under_way.append(pool.submit(run_chunk, chunk))
                first = chunk.stop
            wait(under_way[:1], return_when=FIRST_COMPLETED)
            yield under_way.pop(0).result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run_chunk(seeds: range) -> list[Outcome]:
    """Run some seeds in this process. Left out are the histories of those that went well, and what the engine logs of planted faults."""
    logging.getLogger("refold").setLevel(logging.CRITICAL)
    with scratch() as folder:
        return [one if one.rule else one._replace(trace=()) for one in run_seeds(seeds, folder)]


def _show(plan: Plan) -> int:
    with scratch() as folder:
        outcome = run_plan(plan, folder)
    print(*outcome.trace, sep="\n")
    print(outcome.message or f"no rule broken in {outcome.decisions} decisions; fingerprint {outcome.fingerprint}")
    return 1 if outcome.rule else 0


def _tell(outcome: Outcome) -> int:
    """Say what is broken and how to see it again; make it small, and keep that."""
    print(f"seed {outcome.seed} breaks a rule.\n{outcome.message}\n")
    print(f"To see it again: make simulate ARGS='--seed {outcome.seed}'", flush=True)
    small, again = smallest(outcome)
    file = Path(f"simulation-{outcome.seed}.json")
    file.write_bytes(encode_plan(small))
    print(f"\nMade small: {len(small.operations)} requests, {len(small.faults)} faults, {small.ticks} ticks. Its history:")
    print(*again.trace[-HISTORY_LINES_MAX:], sep="\n")
    print(f"{again.message}\n\nKept in {file}; to run it: make simulate ARGS='--plan {file}'")
    print("To make it a test: move it to tests/simulation/found/.")
    return 1


def smallest(outcome: Outcome) -> tuple[Plan, Outcome]:
    """The smallest plan found that breaks the same rule, and how it goes."""
    with scratch() as folder:
        small = shrink(make_plan(outcome.seed), lambda plan: run_plan(plan, folder).rule == outcome.rule)
        return small, run_plan(small, folder)


if __name__ == "__main__":
    sys.exit(main())
