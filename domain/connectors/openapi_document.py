"""An OpenAPI document as it is walked: references are followed within it, and what is said of it is collected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from contracts.errors import InvalidDefinition, Problem

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
HOPS_MAX: Final = 50
"""So many references one may have to follow for a value."""


class Untaken(Exception):
    """Something of the document that no connector can have; the message says what."""


class Told(NamedTuple):
    """What is said of an operation: why it is no action, or what of it is not taken."""

    operation: str
    said: str
    is_left_out: bool

    def as_value(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {"operation": self.operation, "said": self.said, "left_out": self.is_left_out}


class Found(NamedTuple):
    """An operation of the document, and what stands at its path for all of them."""

    method: str
    path: str
    operation: dict[str, Any]
    item: dict[str, Any]

    @property
    def shown(self) -> str:
        """What it is called where something is said of it."""
        named = self.operation.get("operationId")
        return f"{self.method.upper()} {self.path}" + (f" ({named})" if isinstance(named, str) else "")


class Document:
    """A document of OpenAPI 3. Raises InvalidDefinition where it is none."""

    def __init__(self, document: Any) -> None:
        version = document.get("openapi") if isinstance(document, dict) else None
        if not isinstance(version, str) or not re.match(r"3\.\d", version):
            found = document.get("swagger", version) if isinstance(document, dict) else None
            message = f"expected an OpenAPI document of the version 3.0 or later, found {found!r:.40}"
            fix = "a document of Swagger 2.0 is to be converted first" if str(found).startswith("2") else "it begins with `openapi: 3.1.0`"
            raise InvalidDefinition([Problem("openapi", "openapi", message, fix)])
        self.value: dict[str, Any] = document
        self.is_30 = version.startswith("3.0")
        """Whether its schemas are those of OpenAPI 3.0, which are no JSON Schema."""
        self.told: list[Told] = []

    def tell(self, operation: str, said: str, is_left_out: bool = False) -> None:
        """Say something of an operation."""
        if Told(operation, said, is_left_out) not in self.told[-20:]:
            self.told.append(Told(operation, said, is_left_out))

    def at(self, reference: str) -> Any:
        """What a reference leads to. Raises Untaken."""
        if not reference.startswith("#/"):
            raise Untaken(f"`$ref` leads out of the document: {reference:.200}")
        value: Any = self.value
        for step in reference[2:].split("/"):
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            else:
                raise Untaken(f"`$ref` leads nowhere: {reference:.200}")
        return value

    def followed(self, value: Any) -> dict[str, Any]:
        """An object of the document, wherever it stands. Raises Untaken."""
        for _ in range(HOPS_MAX):
            if not isinstance(value, dict):
                raise Untaken(f"expected an object, found {value!r:.60}")
            if not isinstance(value.get("$ref"), str):
                return value
            value = self.at(value["$ref"])
        raise Untaken("`$ref` leads on and on, without end")

    def operations(self) -> Iterator[Found]:
        """All operations, in the order written; what is none is told."""
        paths = self.value.get("paths")
        for path, written in paths.items() if isinstance(paths, dict) else ():
            try:
                item = self.followed(written)
            except Untaken as untaken:
                self.tell(path, str(untaken), is_left_out=True)
                continue
            for method, operation in item.items():
                if method not in METHODS:
                    continue
                if isinstance(operation, dict):
                    yield Found(method, path, operation, item)
                else:
                    self.tell(f"{method.upper()} {path}", "it is no object", is_left_out=True)
        if self.value.get("webhooks"):
            self.tell("webhooks", "what the API asks of others is no action; a trigger of the kind `webhook` waits for it")
