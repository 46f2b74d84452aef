"""The projector as a process of its own: `python -m infra.projector --data DIR`. A server starts it and talks to it by pipes.

stdin   a byte: there may be something new. Its end: stop (so a projector never outlives its server)
stdout  a line after each transaction: the offset up to which the read models go
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Final

from contracts.errors import RefoldError
from infra.wiring import open_projector

BATCH_PAUSE_S: Final = 0.02
"""Batches begin no faster than this, so that under load they are large and what changed twice is written once."""
REST_AFTER_S: Final = 1.0
"""After so long without anything new the files are tidied up."""


def run(data: Path, log: str | None = None) -> None:
    """Keep the read models up with the log until stdin ends."""
    with open_projector(data, log) as projector:
        while True:
            began = time.monotonic()
            while projector.step():
                _say(projector.checkpoint.offset)
            _say(projector.checkpoint.offset)
            if not _hears_of_more(REST_AFTER_S):
                projector.rest()
                _hears_of_more(None)
            if not os.read(sys.stdin.fileno(), 4096):
                projector.rest()
                return
            time.sleep(max(0.0, began + BATCH_PAUSE_S - time.monotonic()))


def _hears_of_more(timeout_s: float | None) -> bool:
    """Wait for a byte or the end of stdin; False when the time is up."""
    return bool(select.select([sys.stdin], [], [], timeout_s)[0])


def _say(offset: int) -> None:
    os.write(sys.stdout.fileno(), b"%d\n" % offset)


def main() -> int:
    """Read the arguments and run. Exit code 1 where log or read models cannot be used."""
    parser = argparse.ArgumentParser(prog="refold-projector", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--log", help="where the log is, if not in the data folder")
    parser.add_argument("--nice", type=int, default=0, help="by how much to give way to others")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server; when it ends, so does stdin
    os.nice(arguments.nice)
    try:
        run(arguments.data, arguments.log)
    except BrokenPipeError:
        return 0
    except RefoldError as error:
        sys.stderr.write(f"refold: the projector stopped: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
