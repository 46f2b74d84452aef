"""What parts are made of: the adapters and the engine of this process, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.ports.clock import Clock
from contracts.ports.feed import Feed
from infra.server.alone import Alone
from infra.server.send import Send
from workers.running.desk import Operator
from workers.triggers.event_ground import Ground
from workers.triggers.topics import OpenTopic

if TYPE_CHECKING:
    from infra.server.archive_desk import ArchiveDesk
    from infra.server.cluster.shared import Shared
    from infra.server.http import HttpSetup
    from infra.server.progress import Progress
    from infra.server.retention import RetentionSetup
    from infra.server.shared_retention import SharedRetentionSetup
    from infra.server.webhook_ground import WebhookGround
    from workers.reading.webhook_deliveries import WebhookDeliveries


def _fail(error: Exception) -> None:
    raise error


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What parts are made of. A process that is alone on its log has `alone`, one of a cluster `shared`."""

    clock: Clock
    roles: Collection[str]
    wake: Callable[[], None]
    """To be called in the engine's thread when a part has something to do before it is due."""
    send: Send
    feed: Feed
    """Tells of decisions that count, of all partitions."""
    fail: Callable[[Exception], None] = _fail
    """Ends the process because of this."""
    alone: Alone | None = None
    shared: Shared | None = None
    progress: Progress | None = None
    """How far the read models are, where anybody here asks."""
    operator: Operator | None = None
    """The engine as its own workflows move it, where there is a service."""
    trigger_ground: Ground | None = None
    """What event triggers read, where there is a service."""
    user_topics: OpenTopic | None = None
    """Opens the topics of Kafka triggers, where there is an event loop."""
    retention: RetentionSetup | None = None
    """What is needed to archive and remove what has ended, where the log is in a file."""
    archive: ArchiveDesk | None = None
    """Where the part that archives says how it is hastened."""
    shared_retention: SharedRetentionSetup | None = None
    """The same where the log is on Kafka."""
    http: HttpSetup | None = None
    """What is served over HTTP, where anything is."""
    webhooks: tuple[WebhookDeliveries, WebhookGround] | None = None
    """What sends events to webhooks, where anything does."""
