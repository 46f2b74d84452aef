"""Who sends to which webhook, where several processes could: one of those that are there, the same in the eyes of all of them.

For a moment two may see different members: then events are sent twice.
"""

from __future__ import annotations

import zlib
from typing import Final

from workers.cluster.members import Members

API: Final = "api"


def falls_to(members: Members, webhook: str) -> bool:
    """Whether a webhook falls to this process."""
    living = sorted(name for name, one in members.membership.table.living() if API in one.said.roles and not one.said.leaving)
    return bool(living) and living[zlib.crc32(webhook.encode()) % len(living)] == members.who.node
