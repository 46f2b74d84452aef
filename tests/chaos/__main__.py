"""`python -m tests.chaos`: kills a Refold in full work so many times, and audits what is left. Exit code 1 on any finding."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from .campaign import Plan, run
from .report import report


def main() -> int:
    """Read the arguments, run, report."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=plan.kills, help="how many processes are killed")
    parser.add_argument("--seed", type=int, default=plan.seed, help="from what moments and targets are drawn")
    parser.add_argument("--rate", type=float, default=plan.rate, help="starts a second")
    parser.add_argument("--gap", type=float, default=plan.gap_s, help="seconds between two faults, on average")
    parser.add_argument("--keep", action="store_true", help="keep the folder also where nothing was found")
    parser.add_argument("--no-mount", action="store_true", help="fill the disk as where root may not mount a tmpfs")
    arguments = parser.parse_args()
    plan = Plan(kills=arguments.kills, seed=arguments.seed, rate=arguments.rate, gap_s=arguments.gap, may_mount=not arguments.no_mount)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # nothing is left running or mounted
    folder = Path(tempfile.mkdtemp(prefix="refold-chaos-"))
    began = time.monotonic()
    outcome = run(plan, folder, lambda said: print(f"{time.monotonic() - began:5.0f} s  {said}", flush=True))
    print(f"\n{report(outcome)}")
    if outcome.findings or arguments.keep:
        print(f"\nkept for inspection: {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
