"""`python -m tests.chaos_kafka`: harms a Refold on Kafka in full work, and audits what is left. Exit code 1 on any finding."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from brokers.jars import NoBroker

from .campaign import Plan, run
from .report import report


def main() -> int:
    """Read the arguments, run, report."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="make chaos-kafka", description=__doc__)
    parser.add_argument("--faults", type=int, default=plan.faults, help="how many faults there are")
    parser.add_argument("--seed", type=int, default=plan.seed, help="from what moments and targets are drawn")
    parser.add_argument("--rate", type=float, default=plan.rate, help="starts a second")
    parser.add_argument("--gap", type=float, default=plan.gap_s, help="seconds between two faults of a sort, on average")
    parser.add_argument("--session", type=float, default=plan.session_s, help="how long an engine may be silent, in seconds")
    parser.add_argument("--keep", action="store_true", help="keep the folder also where nothing was found")
    parser.add_argument("--no-network", action="store_true", help="make no network namespace")
    arguments = parser.parse_args()
    plan = Plan(
        faults=arguments.faults, seed=arguments.seed, rate=arguments.rate, gap_s=arguments.gap, session_s=arguments.session,
        may_cut=not arguments.no_network,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="refold-chaos-kafka-"))
    began = time.monotonic()
    try:
        outcome = run(plan, folder, lambda said: print(f"{time.monotonic() - began:5.0f} s  {said}", flush=True))
    except NoBroker as error:
        print(f"no broker: {error}", file=sys.stderr)
        return 1
    print(f"\n{report(outcome)}")
    if outcome.findings or arguments.keep:
        print(f"\nkept for inspection: {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
