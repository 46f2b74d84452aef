"""An operation of an OpenAPI document as an action: its parameters and body are inputs, its answer is described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contracts.connectors import SAFE_METHODS
from domain.connectors.connector_check import HOLE
from domain.connectors.openapi_document import Document, Found, Untaken
from domain.connectors.openapi_paging import paging_of
from domain.connectors.openapi_schemas import FILE, Schemas

_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
"""Headers that OpenAPI says are no parameters."""
_STYLES: Final = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_FORM: Final = "application/x-www-form-urlencoded"
_UNSAFE_RETRIED: Final = [429, 503]
"""What is not to be sent twice is sent again only where the server says that it has not taken it."""


class _Answer(NamedTuple):
    """What an operation answers: the schema of its body, which statuses are good where not 2xx is, what is asked for, and whether
    there is a link to the next page.
    """

    output: dict[str, Any] | None = None
    expect: list[int | str] | None = None
    accept: str | None = None
    has_link: bool = False


class Operations:
    """Makes actions of the operations of a document."""

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document, self._schemas = document, schemas

    def action(self, found: Found) -> dict[str, Any]:
        """An operation as an action; what of it is not taken is told. Raises Untaken."""
        written = found.operation
        properties: dict[str, Any] = {}
        required: list[str] = []
        parameters = []
        for one in self._parameters(found):
            taken = self._parameter(one, found, properties)
            if taken is not None:
                parameters.append(taken)
                if one.get("required") is True or one["in"] == "path":
                    required.append(taken.get("input", taken["name"]))
        self._check_path(found, parameters)
        body = self._body(found, properties, required)
        answer = self._answer(found)
        output = answer.output
        if "callbacks" in written:
            self._document.tell(found.shown, "its callbacks are not taken: what the API asks of others is no part of an action")
        inputs = {"type": "object", "properties": properties, **({"required": required} if required else {}), "additionalProperties": False}
        queried = {(one.get("input") or one["name"]): None for one in parameters if one["in"] == "query"}
        of_query = {name: properties[name] for name in queried}
        paging = paging_of(of_query, output, self._schemas.defs, answer.has_link) if found.method == "get" else None
        said: dict[str, Any] = {
            "summary": _text(written.get("summary") or found.item.get("summary"), 2_000),
            "description": _text(written.get("description") or found.item.get("description"), 20_000),
            "method": found.method.upper(),
            "path": found.path,
            "input": inputs,
            "output": output,
            "parameters": parameters or None,
            "body": body,
            "accept": answer.accept,
            "expect": answer.expect,
            "retry_on": None if found.method.upper() in SAFE_METHODS or found.method == "query" else _UNSAFE_RETRIED,
            "paging": paging,
        }
        return {name: value for name, value in said.items() if value is not None}

    # Parameters.

    def _parameters(self, found: Found) -> Iterator[dict[str, Any]]:
        """Those of the path, and over them those of the operation."""
        by_place: dict[tuple[str, str], dict[str, Any]] = {}
        for holder in (found.item, found.operation):
            listed = holder.get("parameters", [])
            for one in listed if isinstance(listed, list) else []:
                followed = self._document.followed(one)
                name, place = followed.get("name"), followed.get("in")
                if not isinstance(name, str) or place not in _STYLES:
                    raise Untaken(f"a parameter in `{place!s:.40}`")
                by_place[name, place] = followed
        yield from (one for (name, place), one in by_place.items() if not (place == "header" and name.lower() in _IGNORED))

    def _parameter(self, written: dict[str, Any], found: Found, properties: dict[str, Any]) -> dict[str, Any] | None:
        name, place = written["name"], written["in"]
        schema, is_json = self._schema_of(written)
        style, explode = written.get("style"), written.get("explode")
        if style is not None and style not in _STYLES[place]:
            if written.get("required") is True:
                raise Untaken(f"its parameter `{name}` is written in the style `{style!s:.40}`, which no {place} has")
            self._document.tell(found.shown, f"its parameter `{name}` is not taken: no {place} has the style `{style!s:.40}`")
            return None
        called = _free(_NO_NAME.sub("_", name).strip("_")[:64] or "value", place, properties)
        description = _text(written.get("description"), 2_000)
        if description and isinstance(schema, dict) and "description" not in schema:
            schema = {**schema, "description": description}
        properties[called] = schema
        said = {
            "name": name,
            "in": place,
            "input": called if called != name else None,
            "style": style,
            "explode": explode if isinstance(explode, bool) else None,
            "allow_reserved": True if written.get("allowReserved") is True else None,
            "is_json": True if is_json else None,
        }
        return {key: value for key, value in said.items() if value is not None}

    def _schema_of(self, written: dict[str, Any]) -> tuple[Any, bool]:
        """The schema of a parameter, and whether it is written as JSON."""
        content = written.get("content")
        if not isinstance(content, dict):
            return self._schemas.of(written.get("schema", {})), False
        for kind, one in content.items():
            if _is_json(kind):
                return self._schemas.of(self._document.followed(one).get("schema", {})), True
        raise Untaken(f"its parameter `{written['name']}` is written as {', '.join(content):.100}")

    def _check_path(self, found: Found, parameters: list[dict[str, Any]]) -> None:
        holes, placed = set(HOLE.findall(found.path)), {one["name"] for one in parameters if one["in"] == "path"}
        if holes != placed:
            wrong = ", ".join(f"`{name}`" for name in sorted(holes ^ placed))
            raise Untaken(f"its path and its parameters do not fit together: {wrong}")

    # Bodies.

    def _body(self, found: Found, properties: dict[str, Any], required: list[str]) -> dict[str, Any] | None:
        written = found.operation.get("requestBody")
        if written is None:
            return None
        followed = self._document.followed(written)
        content = followed.get("content")
        if not isinstance(content, dict) or not content:
            raise Untaken("its body has no `content`")
        kind = _preferred(content)
        one = self._document.followed(content[kind])
        called = _free("body", "request", properties)
        schema = self._schemas.of(one.get("schema", {}))
        if not (_is_json(kind) or kind.startswith(("multipart/", _FORM, "text/"))) and not (isinstance(schema, dict) and "anyOf" in schema):
            schema = {"anyOf": [{"type": "string"}, FILE]}
        description = _text(followed.get("description"), 2_000)
        if description and isinstance(schema, dict) and "description" not in schema:
            schema = {**schema, "description": description}
        properties[called] = schema
        if followed.get("required") is True:
            required.append(called)
        if len(content) > 1:
            others = ", ".join(name for name in content if name != kind)
            self._document.tell(found.shown, f"its body is sent as {kind}, and not as {others:.200}")
        sent = "application/octet-stream" if kind == "*/*" else kind.replace("/*", "/plain" if kind.startswith("text") else "/octet-stream")
        parts = self._parts(one.get("encoding"), found)
        return {"media_type": sent, **({"input": called} if called != "body" else {}), **({"parts": parts} if parts else {})}

    def _parts(self, encoding: Any, found: Found) -> dict[str, Any]:
        parts = {}
        for name, one in encoding.items() if isinstance(encoding, dict) else ():
            if not isinstance(one, dict):
                continue
            if one.get("headers"):
                self._document.tell(found.shown, f"the headers of part `{name}` of its body are not taken")
            kind = one.get("contentType")
            said = {
                "content_type": kind.split(",")[0].strip() if isinstance(kind, str) else None,
                "style": one.get("style"),
                "explode": one.get("explode"),
            }
            parts[name] = {key: value for key, value in said.items() if value is not None}
        return {name: said for name, said in parts.items() if said}

    # Answers.

    def _answer(self, found: Found) -> _Answer:
        responses = found.operation.get("responses")
        by_status = {str(status): one for status, one in responses.items()} if isinstance(responses, dict) else {}
        good = sorted(status for status in by_status if re.fullmatch(r"2(\d\d|XX)", status.upper()))
        moved = sorted(status for status in by_status if re.fullmatch(r"3\d\d", status))
        expect: list[int | str] | None = ["2xx", *map(int, moved)] if moved and not good else None
        chosen = good[0] if good else "default" if "default" in by_status else None
        if chosen is None:
            return _Answer(expect=expect)
        try:
            response = self._document.followed(by_status[chosen])
        except Untaken as untaken:
            self._document.tell(found.shown, f"what it answers is not described: {untaken}")
            return _Answer(expect=expect)
        headers, content = response.get("headers"), response.get("content")
        has_link = isinstance(headers, dict) and any(name.lower() == "link" for name in headers)
        kinds = list(content) if isinstance(content, dict) else []
        accept = next((kind for kind in kinds if _is_json(kind)), kinds[0] if kinds else None)
        return _Answer(self._output(response, found), expect, accept, has_link)

    def _output(self, response: dict[str, Any], found: Found) -> dict[str, Any] | None:
        content = response.get("content")
        for kind, one in content.items() if isinstance(content, dict) else ():
            if _is_json(kind) and isinstance(one, dict) and "schema" in one:
                try:
                    schema = self._schemas.of(one["schema"])
                except Untaken as untaken:
                    self._document.tell(found.shown, f"what it answers is not described: {untaken}")
                    return None
                return schema if isinstance(schema, dict) else None
        return None


def _preferred(content: dict[str, Any]) -> str:
    """In which of several ways a body is sent."""
    for fits in (_is_json, _FORM.__eq__, "multipart/form-data".__eq__, lambda kind: kind.startswith("text/")):
        for kind in content:
            if fits(kind.partition(";")[0].strip().lower()):
                return kind
    return next(iter(content))


def _is_json(kind: str) -> bool:
    plain = kind.partition(";")[0].strip().lower()
    return plain == "application/json" or plain.endswith("+json")


def _free(name: str, place: str, properties: dict[str, Any]) -> str:
    """The name of an input that no other one has."""
    if name not in properties:
        return name
    base, count = f"{place}_{name}"[:60], 1
    name = base
    while name in properties:
        count += 1
        name = f"{base}_{count}"
    return name


def _text(said: Any, most: int) -> str | None:
    text = said.strip() if isinstance(said, str) else ""
    return text[:most] or None
