"""Big values on their way to an owner elsewhere, of an execution that may be sealed: readable with nothing but their command."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from contracts.commands import Command
from contracts.errors import Rejected
from contracts.values import BLOB_BYTES_MIN_DEFAULT, VALUE_BYTES_MAX_DEFAULT, is_in_transit
from workers.partition.offload import VALUES


class Transit(Protocol):
    """What seals a value for its way. Several threads may use an instance."""

    def seal(self, content: bytes) -> bytes:
        """What stands for it in its command, durable when the call returns. Raises LogError."""

    def opened(self, value: bytes) -> bytes:
        """The value that it stands for. Raises LogCorrupt where it is lost, LogUnreachable."""


def sealed_for_its_way(command: Command, transit: Transit) -> Command:
    """The command with its big values sealed and stored. Raises Rejected for one over the limit, LogError."""
    changes: dict[str, Any] = {}
    for name in VALUES.get(type(command), ()):
        value = getattr(command, name)
        if value is None or len(value) < BLOB_BYTES_MIN_DEFAULT:
            continue
        if len(value) > VALUE_BYTES_MAX_DEFAULT:
            raise Rejected("too_large", f"{name} has {len(value)} bytes; the limit is {VALUE_BYTES_MAX_DEFAULT}")
        changes[name] = transit.seal(value)
    return msgspec.structs.replace(command, **changes)


def is_on_its_way(command: Command) -> bool:
    """Whether a value of the command is still sealed for its way."""
    for name in VALUES.get(type(command), ()):
        value = getattr(command, name)
        if value is not None and is_in_transit(value):
            return True
    return False


def arrived(command: Command, transit: Transit) -> Command:
    """The command as it was given. Raises LogCorrupt, LogUnreachable."""
    values = {name: value for name in VALUES.get(type(command), ()) if (value := getattr(command, name)) is not None}
    changes: dict[str, Any] = {name: transit.opened(value) for name, value in values.items() if is_in_transit(value)}
    return msgspec.structs.replace(command, **changes)
