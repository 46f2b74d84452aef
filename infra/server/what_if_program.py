"""Comparing beside a server: `python -m infra.server.what_if_program --data DIR`. A server starts it for one request, and it ends.

stdin   `Request` as JSON
stdout  what `projections.comparisons`, `projections.migrations` or `projections.coverage` says, as JSON
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from api.what_if import CoverageAsked, MigrationAsked, WhatIfAsked
from contracts.errors import RefoldError
from infra.server.covering import cover_corpus
from infra.server.planning import plan_corpus
from infra.server.reader_wiring import open_reader, open_shared_reader
from infra.server.rerunning import Wish, compare_corpus
from infra.settings.model import EngineSettings
from projections.comparisons import comparisons_value
from projections.coverage import coverage_value
from projections.migrations import plan_value
from refold.worker.logs import write_logs

SHOWN_MAX: Final = 100
"""So many executions that would change are told of one by one."""


class Request(msgspec.Struct):
    """What is asked: one of these."""

    what_if: WhatIfAsked | None = msgspec.field(default=None, name="WhatIfAsked")
    migration: MigrationAsked | None = msgspec.field(default=None, name="MigrationAsked")
    coverage: CoverageAsked | None = msgspec.field(default=None, name="CoverageAsked")


def plan(settings: EngineSettings, asked: MigrationAsked) -> bytes:
    """Plan, in this process."""
    with (open_reader if settings.log is None else open_shared_reader)(settings) as reader:
        found = plan_corpus(reader, asked)
    return msgspec.json.encode(plan_value(asked.workflow, asked.before, asked.version, found, SHOWN_MAX))


def cover(settings: EngineSettings, asked: CoverageAsked) -> bytes:
    """Count, in this process."""
    with (open_reader if settings.log is None else open_shared_reader)(settings) as reader:
        found = cover_corpus(reader, asked.workflow, asked.hash, asked.last)
    return msgspec.json.encode(coverage_value(asked.workflow, asked.version, found))


def run(settings: EngineSettings, asked: WhatIfAsked) -> bytes:
    """Compare, in this process."""
    wish = Wish(asked.workflow, asked.version, asked.hash, asked.content, asked.filter, asked.now_ms)
    with (open_reader if settings.log is None else open_shared_reader)(settings) as reader:
        found = compare_corpus(reader, settings, wish, asked.against, asked.most, asked.since, jobs=1)
    return msgspec.json.encode(comparisons_value(wish.workflow, wish.version, wish.hash, asked.against, found, SHOWN_MAX))


def main() -> int:
    """Read the arguments and the request, and answer. Exit code 1 where the log cannot be read."""
    parser = argparse.ArgumentParser(prog="refold-what-if", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--log", help="where the log is, if not in the data folder")
    parser.add_argument("--keys", type=Path, help="where the keys are that the processes of the log share")
    parser.add_argument("--nice", type=int, default=0, help="by how much to give way to others")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this
    os.nice(arguments.nice)
    write_logs()
    try:
        settings = EngineSettings(data=arguments.data, log=arguments.log, keys=arguments.keys)
        request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
        answer = b""
        if request.migration is not None:
            answer = plan(settings, request.migration)
        elif request.coverage is not None:
            answer = cover(settings, request.coverage)
        elif request.what_if is not None:
            answer = run(settings, request.what_if)
    except RefoldError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
