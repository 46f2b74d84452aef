"""`make cel-conformance DIR=…`: runs the specification's cases in a folder, and tells which fail and by which rule."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from tests.cel.cases import SPEC, cases, count_all, passes
from tests.cel.deviations import DEVIATIONS, RULES


def main() -> int:
    """1 where a case fails that no rule contradicts."""
    parser = argparse.ArgumentParser(prog="make cel-conformance", description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SPEC)
    folder = parser.parse_args().folder
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    unexpected = []
    for case in cases(folder):
        passed = passes(case)
        counts[case.file][0] += 1
        counts[case.file][1] += passed
        if not passed:
            rule = DEVIATIONS.get(case.id)
            print(f"{case.id}: `{case.source}`: {RULES[rule] if rule else 'UNEXPECTED'}")
            if rule is None:
                unexpected.append(case.id)
    for file, (of_file, passing) in counts.items():
        print(f"{file:<20}{of_file:>6}{passing:>6}")
    applicable, passing = (sum(column) for column in zip(*counts.values(), strict=True)) if counts else (0, 0)
    print(f"{count_all(folder):,} cases, {applicable:,} apply, {passing:,} pass, {len(unexpected)} fail unexpectedly")
    return int(bool(unexpected) or not applicable)


if __name__ == "__main__":
    sys.exit(main())
