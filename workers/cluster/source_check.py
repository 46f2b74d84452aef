"""Resuming: whether a partition's journal and its `commands` are of one piece, before a new owner reads on after the highest source."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from contracts.errors import LogCorrupt, UnknownRecord
from contracts.journal import Source
from contracts.worker_protocol import BadMessage, WrongProtocol
from workers.cluster.intake import Intake
from workers.cluster.ports import ClusterLog
from workers.partition.recovery import Recovered

_log = logging.getLogger("refold.cluster")


async def check_commands(log: ClusterLog, intake: Intake, recovered: Recovered) -> None:
    """Raise LogCorrupt where commands would be passed over without a word: the topic ends too early, or holds others than were decided."""
    partition, sources = intake.partition, recovered.checkpoint.sources
    resume = sources.get(partition, -1) + 1
    start, end = await log.start("commands", partition), await log.end("commands", partition, resume)
    if resume > end:
        raise LogCorrupt(f"commands, partition {partition} ends at {end}; its journal has decided up to {resume}: was it created anew?")
    if start > resume > 0:
        _log.critical("commands, partition %d: what stood from %d to %d is deleted; it was not decided, unless nothing came of it",
                      partition, resume, start - 1)  # fmt: skip
        sources[partition] = start - 1
    elif recovered.last is not None and start < resume == recovered.last.offset + 1:
        await asyncio.to_thread(_check_last, log, intake, recovered.last)


def _check_last(log: ClusterLog, intake: Intake, last: Source) -> None:
    found = ""
    for _, content in log.log.read("commands", last.partition, last.offset, last.offset + 1):
        with suppress(UnknownRecord, BadMessage, WrongProtocol):
            item = intake.read(last.offset, content)
            found = "" if item is None else item.envelope.id
    if last.command and found != last.command:
        raise LogCorrupt(
            f"commands, partition {last.partition}, offset {last.offset} holds the command {found or 'of nobody'}; the journal has "
            f"decided {last.command} from there: was the topic created anew?"
        )
