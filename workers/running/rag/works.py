"""What the RAG process can do, by name. A further work is a function `(task, given) -> value` and its line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from workers.running.rag.work import Task

Function: TypeAlias = Callable[[Task, dict[str, Any]], Any]
_PACKAGE: Final = "workers.running.rag"


def _loaded(module: str, function: str) -> Function:
    """The function, whose module and its libraries are loaded when it is first asked for."""

    def call(task: Task, given: dict[str, Any]) -> Any:
        found: Function = getattr(import_module(f"{_PACKAGE}.{module}"), function)
        return found(task, given)

    return call


WORKS: Final[Mapping[str, Function]] = MappingProxyType({
    "read": _loaded("reading", "read"),
    "split": _loaded("splitting", "split"),
    "embed": _loaded("embedding", "embed"),
    "upsert": _loaded("writing", "upsert"),
    "delete": _loaded("writing", "delete"),
    "retrieve": _loaded("searching", "retrieve"),
    "rerank": _loaded("ranking", "rerank"),
    "recognize": _loaded("ocr", "recognize"),
    "pictures": _loaded("ocr", "pictures"),
})  # fmt: skip
"""By the word that `Work.name` is."""
