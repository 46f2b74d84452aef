"""What is open of a place where credentials are recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from infra.credentials.uses import Used

if TYPE_CHECKING:
    from eventsourcing.persistence import ApplicationRecorder


class Opened(NamedTuple):
    """A recorder, and what lets go of it."""

    recorder: ApplicationRecorder
    close: Callable[[], None]
    used: Used
