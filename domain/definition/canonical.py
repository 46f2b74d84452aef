"""The canonical form of a definition, and the hash that names a published version."""

from __future__ import annotations

import hashlib

import msgspec

from contracts.definitions import WorkflowDefinition


def canonical(definition: WorkflowDefinition) -> bytes:
    """The definition as JSON with sorted keys, without what was not written."""
    document = definition.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return msgspec.json.encode(document, order="sorted")


def content_hash(definition: WorkflowDefinition) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(definition)).hexdigest()


def load_canonical(content: bytes) -> WorkflowDefinition:
    """The definition that a canonical form stands for."""
    return WorkflowDefinition.model_validate_json(content)
