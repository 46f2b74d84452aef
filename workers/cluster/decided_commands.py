"""What was decided of `commands` goes when an execution is erased: what it was sent stands there in plain."""

from __future__ import annotations

import logging

from contracts.errors import LogError
from contracts.journal import Checkpoint
from workers.cluster.ports import ClusterLog

_log = logging.getLogger("refold.cluster")


async def drop_decided(log: ClusterLog, partition: int, checkpoint: Checkpoint) -> None:
    """Delete the commands of a partition that its journal has decided. What stays as no broker answers goes by its retention."""
    end = checkpoint.sources.get(partition, -1) + 1
    try:
        if end > await log.start("commands", partition):
            await log.delete_before("commands", partition, end)
    except LogError as error:
        _log.error("commands of partition %d that are decided stay for now, also those of what was erased: %s", partition, error)
