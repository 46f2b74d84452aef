"""The activity kinds of the engine's own workflows: no definition of a user may name them, and no list of kinds shows them."""

from __future__ import annotations

from typing import Final

from contracts.ports.activities import ActivityKind
from workers.running.channels.settings import ChannelSettings
from workers.running.desk import Desk
from workers.running.system.bulk_act import BulkAct
from workers.running.system.bulk_select import BulkSelect
from workers.running.system.heal import HEALING
from workers.running.system.send_notice import SendNotice

_KINDS: Final = (BulkSelect, BulkAct, *HEALING)
SYSTEM_KINDS: Final = frozenset(kind.name for kind in (*_KINDS, SendNotice))


def system_kinds(desk: Desk, channels: ChannelSettings) -> dict[str, ActivityKind]:
    """All of them by name, at a desk."""
    return {**{kind.name: kind(desk) for kind in _KINDS}, SendNotice.name: SendNotice(desk, channels)}
