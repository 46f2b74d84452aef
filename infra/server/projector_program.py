"""The projector as a process: `python -m infra.server.projector_program --data DIR`. A server starts it, and talks to it by pipes.

stdin   3           there may be something new in partition 3; under load some rows may be held back for a moment
        3 all       the same, and nothing is to be held back
        look 17     look at all partitions, also those that were added, and say so when that is done
        own 0 3     keep these partitions up from now on; `own all`: all of them. It begins with none
        rebuild 5 executions search     make the rows of these anew in all partitions, and say so when it is stored that they are to be
        its end: stop (so a projector never outlives its server)
stdout  3 1500 900  after each transaction: the offset up to which the read models of a partition go, and those that may be held back
        looked 17   all partitions were looked at since that was asked for
        rebuilding 5
"""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Final

from contracts.errors import LogUnreachable, RefoldError
from infra.server.garbage import look_rarely
from infra.server.reader_wiring import open_projectors
from infra.settings.model import READ_MODELS_VARIABLE, EngineSettings
from refold.worker.logs import write_logs
from workers.reading.projector_pool import ProjectorPool

BATCH_PAUSE_S: Final = 0.02
"""Batches begin no faster than this, so that under load they are large and what changed twice is written once."""
REST_AFTER_S: Final = 1.0
"""After so long without anything new the files are tidied up."""
CHECK_EVERY_S: Final = 1.0
"""While it rests it looks so often whether the rows are still there."""
AWAY_PAUSE_S: Final = 0.2
AWAY_PAUSE_MAX_S: Final = 5.0
"""So long it waits for a broker or a database that does not answer, longer each time."""


_log = logging.getLogger("refold.projector")


class Orders:
    """What the server asks for, as it comes; many times before it is looked at is once."""

    def __init__(self) -> None:
        self._rest = b""
        self.is_ended = False
        self.partitions: set[int] = set()
        self.partitions_all: set[int] = set()
        """Those of which nothing is to be held back."""
        self.look = 0
        """The number of the last look at all that was asked for."""
        self.is_full = False
        self.own: list[int] | None = None
        self.is_own_new = False
        self.rebuilds: list[tuple[bytes, list[str]]] = []
        """What is to be made anew, each with the number that it was asked for by."""

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for something, and take it in; False when the time is up."""
        if not select.select([sys.stdin], [], [], timeout_s)[0]:
            return False
        content = os.read(sys.stdin.fileno(), 65_536)
        self.is_ended = not content
        *lines, self._rest = (self._rest + content).split(b"\n")
        for line in lines:
            self._take(line.split())
        return True

    def _take(self, words: list[bytes]) -> None:
        match words:
            case [b"look", number]:
                self.is_full, self.look = True, int(number)
            case [b"own", b"all"]:
                self.own, self.is_own_new, self.is_full = None, True, True
            case [b"own", *partitions]:
                self.own, self.is_own_new, self.is_full = [int(one) for one in partitions], True, True
            case [b"rebuild", number, *names]:
                self.rebuilds.append((number, [name.decode() for name in names]))
            case [partition]:
                self.partitions.add(int(partition))
            case [partition, b"all"]:
                self.partitions_all.add(int(partition))
            case _:
                raise RefoldError(f"the projector was told {b' '.join(words).decode(errors='replace')!r}, which it does not know")


def run(settings: EngineSettings) -> None:
    """Keep the read models up with the log until stdin ends."""
    orders = Orders()
    with open_projectors(settings, _say) as projectors:
        orders.wait(None)
        asked = time.monotonic()
        while not orders.is_ended:
            began = time.monotonic()
            if began >= asked + CHECK_EVERY_S:
                asked = began
                _is_asked_by_others(projectors)
            _follow(projectors, orders)
            if not orders.wait(0.0 if projectors.is_building else REST_AFTER_S) and not projectors.is_building:
                _rest(projectors)
                while not orders.wait(CHECK_EVERY_S) and not _is_asked_by_others(projectors):
                    projectors.check()
            if not orders.is_ended:
                time.sleep(max(0.0, began + BATCH_PAUSE_S - time.monotonic()))
        _rest(projectors)


def _rest(projectors: ProjectorPool) -> None:
    try:
        projectors.rest()
    except LogUnreachable as error:  # what was held back is made again
        _log.warning("the projector does not come to rest: %s", error)


def _is_asked_by_others(projectors: ProjectorPool) -> bool:
    """Whether another process wants rows made anew that are kept up here."""
    try:
        projectors.look_for_rebuilds()
    except LogUnreachable:  # who has nothing to do may wait for the database as long as it takes
        return False
    return projectors.is_building


def _follow(projectors: ProjectorPool, orders: Orders) -> None:
    """Do what was asked for; while the log or the database is away, wait for it."""
    pause = AWAY_PAUSE_S
    while not orders.is_ended:
        try:
            _follow_once(projectors, orders)
            return
        except LogUnreachable as error:
            _log.warning("the projector waits: %s", error)
            orders.is_full = True
        ends = time.monotonic() + pause
        while not orders.is_ended and (left := ends - time.monotonic()) > 0:
            orders.wait(left)
        pause = min(2 * pause, AWAY_PAUSE_MAX_S)


def _follow_once(projectors: ProjectorPool, orders: Orders) -> None:
    if orders.is_own_new:
        projectors.own(orders.own)
    if orders.is_full:
        projectors.look_at_all()
        _write(b"looked %d\n" % orders.look)
    else:
        projectors.look(sorted(orders.partitions_all))
        projectors.look(sorted(orders.partitions - orders.partitions_all), may_hold=True)
    orders.is_own_new = orders.is_full = False
    orders.partitions.clear()
    orders.partitions_all.clear()
    while orders.rebuilds:
        number, names = orders.rebuilds[0]
        projectors.rebuild(names)
        _write(b"rebuilding %s\n" % number)
        orders.rebuilds.pop(0)
    projectors.build()


def _say(partition: int, offset: int, lagging: int) -> None:
    _write(b"%d %d %d\n" % (partition, offset, lagging))


def _write(line: bytes) -> None:
    os.write(sys.stdout.fileno(), line)


def main() -> int:
    """Read the arguments and run. Exit code 1 where log or read models cannot be used."""
    parser = argparse.ArgumentParser(prog="refold-projector", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--log", help="where the log is, if not in the data folder")
    parser.add_argument("--keys", type=Path, help="where the keys are that the processes of the log share")
    parser.add_argument("--nice", type=int, default=0, help="by how much to give way to others")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server; when it ends, so does stdin
    os.nice(arguments.nice)
    write_logs()
    look_rarely()
    try:
        rows = os.environ.get(READ_MODELS_VARIABLE)
        run(EngineSettings(data=arguments.data, log=arguments.log, keys=arguments.keys, read_models=rows))
    except BrokenPipeError:
        return 0
    except RefoldError as error:
        _log.error("the projector stopped: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
