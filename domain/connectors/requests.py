"""The request of an action: its inputs, each at the place that the connector says."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts.connectors import Parameter, PartEncoding, PinnedAction, RequestBody
from contracts.errors import InvalidInput, Problem
from contracts.values import encode
from domain.connectors.styles import Pair, Unfit, encoded, in_header, in_path, in_query, text_of
from domain.definition.input_defaults import with_defaults
from domain.definition.input_schema import check

FORM: Final = "application/x-www-form-urlencoded"
PARTS: Final = "multipart/form-data"
_FILE: Final = frozenset({"base64", "filename", "content_type"})
"""The fields of an input that is bytes rather than text: `{base64: …}`."""


class Request(NamedTuple):
    """What is sent, but for what shows who asks."""

    method: str
    url: str
    headers: dict[str, str]
    cookies: list[Pair]
    content: bytes | None


def request_of(pinned: PinnedAction, taken: Mapping[str, Any], base_url: str, mark: str) -> Request:
    """The request for an input (`taken_input`). `mark` is what the parts of a body are set apart by. Raises Unfit."""
    action = pinned.action
    path, headers = action.path, dict[str, str]()
    query, cookies = list[Pair](), list[Pair]()
    for parameter in action.parameters:
        name = parameter.input or parameter.name
        if name not in taken and parameter.place != "path":
            continue
        value = taken.get(name)
        try:
            match parameter.place:
                case "path":
                    path = path.replace(f"{{{parameter.name}}}", in_path(parameter, value))
                case "query":
                    query += in_query(parameter, value)
                case "cookie":
                    cookies += in_query(parameter, value)
                case "header" if value is not None:
                    headers[parameter.name.lower()] = in_header(parameter, value)
        except Unfit as unfit:
            raise Unfit(f"`{name}` {unfit}") from None
    assert "{" not in path, "each hole of a path is a parameter"
    content = None
    if action.body is not None and action.body.input in taken:
        content, headers["content-type"] = _content(action.body, taken[action.body.input], mark)
    url = base_url.rstrip("/") + path + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    return Request(action.method, url, headers, cookies, content)


def taken_input(schema: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """What an action is given, with the defaults of its schema. Raises InvalidInput."""
    whole = {"type": "object", **schema}
    try:
        taken = with_defaults(whole, {} if given is None else given)
        check(whole, taken, len(encode(taken)))
    except UnicodeEncodeError:
        message = "a text of it holds half of a character, which no UTF-8 can"
        raise InvalidInput([Problem("", "encoding", message, "give the whole character")]) from None
    assert isinstance(taken, dict)
    return taken


# Bodies.


def _content(body: RequestBody, value: Any, mark: str) -> tuple[bytes, str]:
    """The bytes, and what they are."""
    kind = body.media_type.partition(";")[0].strip().lower()
    if kind == FORM:
        return _form(body, value), body.media_type
    if kind.startswith("multipart/"):
        content, boundary = _several(body, value, mark)
        return content, f"{kind}; boundary={boundary}"
    if kind == "application/json" or kind.endswith("+json"):
        return encode(value), body.media_type
    found = _bytes_of(value)
    if found is None:
        raise Unfit(f"`{body.input}` is to be a text, or bytes as {{base64: …}}: it is sent as {kind}")
    return found[0], body.media_type


def _form(body: RequestBody, value: Any) -> bytes:
    pairs = [pair for name, one in _fields(body, value) for pair in _form_pairs(name, one, body.parts.get(name))]
    return "&".join(f"{name}={one}" for name, one in pairs).replace("%20", "+").encode()


def _fields(body: RequestBody, value: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise Unfit(f"`{body.input}` is to be an object: it is sent as a form")
    return [(name, one) for name, one in value.items() if one is not None]


def _form_pairs(name: str, value: Any, said: PartEncoding | None) -> Iterator[Pair]:
    """A field of a form: what has no style of its own is repeated where it is a list, and JSON where it is an object."""
    if said is not None and said.style is not None:
        yield from in_query(_as_query(name, said), value)
    else:
        yield from ((encoded(name), encoded(one)) for one in (value if isinstance(value, list) else [value]))


def _as_query(name: str, said: PartEncoding) -> Parameter:
    return Parameter.model_validate({"name": name, "in": "query", "style": said.style, "explode": said.explode})


def _several(body: RequestBody, value: Any, mark: str) -> tuple[bytes, str]:
    parts = []
    for name, given in _fields(body, value):
        for one in given if isinstance(given, list) else [given]:
            parts.append(_part(name, one, body.parts.get(name)))
    while any(mark.encode() in part for part in parts):
        mark += "-"
    start = f"--{mark}\r\n".encode()
    return b"".join(start + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode(), mark


def _part(name: str, value: Any, said: PartEncoding | None) -> bytes:
    shown = f'form-data; name="{_quoted(name)}"'
    found = _bytes_of(value)
    content, kind = found if found is not None else (text_of(value).encode(), "application/json" if isinstance(value, dict | list) else "")
    if isinstance(value, dict) and found is not None:
        shown += f'; filename="{_quoted(str(value.get("filename") or name))}"'
    kind = (said.content_type if said and said.content_type and "*" not in said.content_type else "") or kind
    head = f"content-disposition: {shown}\r\n" + (f"content-type: {_line(name, kind)}\r\n" if kind else "")
    return head.encode() + b"\r\n" + content


def _quoted(text: str) -> str:
    """A name as HTML says that it is written in a part's head."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode(errors="replace").decode()


def _line(name: str, text: str) -> str:
    if any(ord(sign) < 32 for sign in text) or not text.isascii():
        raise Unfit(f"`{name}`: its content type is to be one line of ASCII text")
    return text


def _bytes_of(value: Any) -> tuple[bytes, str] | None:
    """Bytes and what they are, of a text or of `{base64: …}`; None for anything else."""
    if isinstance(value, str):
        try:
            return value.encode(), ""
        except UnicodeEncodeError:
            raise Unfit("a text of the body holds half of a character, which no UTF-8 can") from None
    if not isinstance(value, dict) or not isinstance(value.get("base64"), str) or not value.keys() <= _FILE:
        return None
    try:
        return base64.b64decode(value["base64"], validate=True), str(value.get("content_type") or "application/octet-stream")
    except (binascii.Error, ValueError):
        raise Unfit("`base64` in the body is no base64") from None
