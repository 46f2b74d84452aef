"""What a process consists of, one file and one line a part: embedded, in a cluster, in the simulation and for the command line."""

from __future__ import annotations

from typing import Final

from infra.server.parts.blob_sweep import BLOB_SWEEP
from infra.server.parts.breakers import BREAKERS
from infra.server.parts.dependents import DEPENDENTS
from infra.server.parts.http import HTTP
from infra.server.parts.membership import MEMBERSHIP
from infra.server.parts.operations import OPERATIONS
from infra.server.parts.part import Part
from infra.server.parts.partitions import PARTITIONS
from infra.server.parts.projector import PROJECTOR
from infra.server.parts.publisher import PUBLISHER
from infra.server.parts.retention import RETENTION
from infra.server.parts.tasks import TASKS
from infra.server.parts.topics import TOPICS
from infra.server.parts.traces import TRACES
from infra.server.parts.triggers import TRIGGERS
from infra.server.parts.webhooks import WEBHOOKS

PARTS: Final[tuple[Part, ...]] = (
    PROJECTOR,
    MEMBERSHIP,
    OPERATIONS,
    TASKS,
    PARTITIONS,
    PUBLISHER,
    WEBHOOKS,
    TRACES,
    RETENTION,
    BLOB_SWEEP,
    TRIGGERS,
    DEPENDENTS,
    BREAKERS,
    TOPICS,
    HTTP,
)
"""They are moved and begin in this order, and end in the reverse one."""

LOOKING: Final[tuple[Part, ...]] = (PROJECTOR, MEMBERSHIP, HTTP)
"""Those of a process that shows a copy of a log, whose original may live: nothing runs, and nobody is told of anything."""
