"""The catalog: what is recorded about published workflow definitions. This is a storage format.

A published version never changes and is named by the hash of its canonical content. Rolling back is activating an old one.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class DefinitionPublished(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A new version of a workflow exists, and is the active one. `content` is the canonical JSON."""

    name: str
    version: int
    hash: str
    content: bytes
    recorded_at: int


class DefinitionActivated(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """From here on, executions start with this version."""

    name: str
    version: int
    recorded_at: int


class DefinitionArchived(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """No execution starts with any version of this workflow any more; those that run go on."""

    name: str
    recorded_at: int


CatalogRecord: TypeAlias = DefinitionPublished | DefinitionActivated | DefinitionArchived
