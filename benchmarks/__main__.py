"""`python -m benchmarks [SCALE]`: all measurements; a SCALE below 1 makes them shorter."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from benchmarks import engine

RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> None:
    figures = engine.main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
    RESULTS.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    RESULTS.write_text(json.dumps({**{name: round(value, 3) for name, value in figures.items()}, "machine": machine}, indent=2) + "\n")
    print(f"\n{RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS.name}")


if __name__ == "__main__":
    main()
