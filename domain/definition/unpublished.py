"""A definition that is not published: a test run carries it with it, compressed, and nothing else knows of it."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Final, NamedTuple

from contracts.definitions import LANGUAGE, WorkflowDefinition
from domain.definition.canonical import canonical, content_hash, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph

GRAPHS_MAX: Final = 64
"""So many of them are kept compiled."""


class Unpublished(NamedTuple):
    """The content hash of a definition, as if it were published, and its canonical form, compressed."""

    hash: str
    packed: bytes


def packed(definition: WorkflowDefinition) -> Unpublished:
    """A valid definition as a test run carries it."""
    definition = published(definition)
    return Unpublished(content_hash(definition), zlib.compress(canonical(definition)))


def content_of(carried: bytes) -> bytes:
    """The canonical form of a definition that was carried."""
    return zlib.decompress(carried)


@lru_cache(maxsize=GRAPHS_MAX)
def graph_of_unpublished(definition_hash: str, carried: bytes) -> Graph:
    """The compiled definition that a test run carries. Raises KeyError where its language is not known."""
    definition = load_canonical(content_of(carried))
    if (definition.language or 1) > LANGUAGE:
        raise KeyError(f"{definition.name} is written in language {definition.language}; this version of Refold knows {LANGUAGE}")
    return compile_definition(definition, definition_hash)
