"""The activity kinds: those that come with Refold, one file each, and those that other packages bring.

A package brings a kind by an entry point of the group `refold.activities` that names a class without arguments or an
object; both match `contracts.ports.activities.ActivityKind`:

    [project.entry-points."refold.activities"]
    fax = "acme_fax:Fax"

Beyond the protocol a kind may say about itself:

    is_instant    it never waits and takes microseconds: it runs at once, in the engine's own thread
    passes_data   it gives its data back untouched: the value is neither parsed nor written anew, `run` gets None
    tells_people  what it is given is shown to people: what is marked secret stands there as `•••`
    gives         the JSON Schema of its results: mocks in tests are held to it
    close()       called once when the worker stops
    category, icon, begins_with, presets
                  where editors show it, the name of a Lucide picture, a config to begin with, as JSON, and other models in it by name
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from pydantic import BaseModel

from contracts.ports.activities import ActivityKind
from workers.running.activities.code import Code
from workers.running.activities.connector import Connector
from workers.running.activities.document import Document
from workers.running.activities.email import Email
from workers.running.activities.embedding import Embedding
from workers.running.activities.graphql import GraphQl
from workers.running.activities.http_request import HttpRequest
from workers.running.activities.llm import Llm
from workers.running.activities.log import Log
from workers.running.activities.mcp import Mcp
from workers.running.activities.noop import Noop
from workers.running.activities.ocr_switch import OcrSwitch
from workers.running.activities.output_parser import OutputParser
from workers.running.activities.prompt import PromptNode
from workers.running.activities.rag_switch import RagSwitch
from workers.running.activities.read_file import ReadFile
from workers.running.activities.reranker import Reranker
from workers.running.activities.retriever import Retriever
from workers.running.activities.sql import Sql
from workers.running.activities.text_splitter import TextSplitter
from workers.running.activities.vector_store import VectorStore
from workers.running.activities.write_file import WriteFile
from workers.running.activity_settings import ActivitySettings

ENTRY_POINT_GROUP: Final = "refold.activities"

BUILT_IN: Final[list[Callable[[ActivitySettings], ActivityKind]]] = [
    Noop,
    Log,
    HttpRequest,
    Connector,
    GraphQl,
    Email,
    Sql,
    Code,
    ReadFile,
    WriteFile,
    Llm,
    PromptNode,
    Mcp,
    Document,
    TextSplitter,
    Embedding,
    VectorStore,
    Retriever,
    Reranker,
    OutputParser,
    RagSwitch,
    OcrSwitch,
]
"""The kinds that come with Refold."""

_log = logging.getLogger("refold.activity")


def load_kinds(settings: ActivitySettings, on_problem: Callable[[str], None] = _log.warning) -> dict[str, ActivityKind]:
    """All activity kinds by name. A third-party kind that cannot be used is told to `on_problem` and left out."""
    kinds = {kind.name: kind for kind in (make(settings) for make in BUILT_IN)}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP)):
        try:
            kind = _load(entry)
            _refuse_a_taken_name(kind.name, kinds)
        except Exception as error:  # whatever a foreign package raises
            on_problem(f"activity kind {entry.name} of {_package(entry)} ({entry.value}) is left out: {type(error).__name__}: {error}")
        else:
            kinds[kind.name] = kind
    return kinds


def _load(entry: EntryPoint) -> ActivityKind:
    found = entry.load()
    kind: Any = found() if isinstance(found, type) else found
    for field in ("name", "summary"):
        value = getattr(kind, field, None)
        if not isinstance(value, str) or not value:
            raise TypeError(f"expected `{field}` to be a string that is not empty, found {value!r}")
    if not callable(getattr(kind, "run", None)):
        raise TypeError("expected a method `run(context, config, data)`, found none")
    model = getattr(kind, "Config", None)
    if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"expected `Config` to be a pydantic model or None, found {model!r}")
    if not hasattr(kind, "Config"):
        raise TypeError("expected `Config` to be a pydantic model or None, found no such attribute")
    checked: ActivityKind = kind
    return checked


def is_built_in(kind: ActivityKind) -> bool:
    """Whether the kind comes with Refold."""
    return type(kind).__module__.startswith("workers.")


def _refuse_a_taken_name(name: str, kinds: dict[str, ActivityKind]) -> None:
    taken = kinds.get(name)
    if taken is not None:
        owner = "built in" if is_built_in(taken) else f"brought by {type(taken).__module__}"
        raise ValueError(f"there is a kind `{name}` already, {owner}; choose another name")


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unknown package"
