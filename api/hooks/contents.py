"""The body of a request to a webhook, as a value: JSON, a form, a form of several parts, or the text as it is."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncGenerator
from typing import Any, Final
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.bodies import is_json, read_json, wrong_type
from api.problems import BadRequest

FIELDS_MAX: Final = 1_000
"""So many fields a form may have."""
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # what is wrong with a request is told to whoever sent it
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_PARTS: Final = "multipart/form-data"


async def content_of(content: bytes, content_type: str, kind: str) -> Any:
    """The value of a body of the kind of the config (`auto`: as its content type says). Raises BadRequest, InvalidInput."""
    if is_in_parts(content_type, kind):
        return await _parts(content, content_type)
    return read_content(content, content_type, kind)


def is_in_parts(content_type: str, kind: str) -> bool:
    """Whether a body is a form of several parts, which alone is read by a parser that is awaited."""
    return content_type != _JSON and kind in ("auto", "multipart") and _media_type(content_type) == _PARTS


def read_content(content: bytes, content_type: str, kind: str) -> Any:
    """The value of a body that is none of several parts. Raises as `content_of` does."""
    if content_type == _JSON and kind in ("auto", "json"):  # as most are
        return read_json(content) if content else None
    media_type = _media_type(content_type)
    if kind == "auto":
        kind = _kind_of(media_type)
    if kind == "raw":
        return _text(content)
    if kind == "json":
        return read_json(content) if content else None
    if kind == "form":
        if media_type != _FORM:
            raise wrong_type(media_type, _FORM)
        return _form(content)
    raise wrong_type(media_type, _PARTS)


def _media_type(content_type: str) -> str:
    return content_type if content_type == _JSON else content_type.partition(";")[0].strip().lower()


def _kind_of(media_type: str) -> str:
    if is_json(media_type):
        return "json"
    return {_FORM: "form", _PARTS: "multipart"}.get(media_type, "raw")


def _text(content: bytes) -> Any:
    """The text; what is none, in base64."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
    return text if content else None


def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """By name; what stands there several times is a list."""
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for name, one in pairs:
        if name not in found:
            found[name] = one
        elif name in seen:
            found[name].append(one)
        else:
            found[name] = [found[name], one]
            seen.add(name)
    return found


def read_query(query: str) -> dict[str, Any]:
    """The parameters of a query. Raises BadRequest for what is no text."""
    return _pairs(query, "the query") if query else {}


def _form(content: bytes) -> dict[str, Any]:
    try:
        return _pairs(content.decode("ascii"), "the body")
    except UnicodeDecodeError:
        raise BadRequest(400, "form", "the body is no form: it has bytes that stand in none") from None


def _pairs(text: str, what: str) -> dict[str, Any]:
    try:
        return gathered(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX))
    except ValueError as error:
        raise BadRequest(400, "form", f"{what} cannot be read: {error}") from None


async def _parts(content: bytes, content_type: str) -> dict[str, Any]:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield content

    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if boundary and b"\r\n--%b--" % boundary not in b"\r\n" + content:  # the parser leaves out what it has only a piece of
        raise BadRequest(400, "form", f"the body is no form of several parts: it ends before `--{boundary.decode('latin-1')}--`")
    parser = MultiPartParser(Headers({"content-type": content_type}), whole(), max_fields=FIELDS_MAX, max_files=FIELDS_MAX)
    parser.max_part_size = len(content)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise BadRequest(400, "form", f"the body is no form of several parts: {getattr(error, 'message', None) or error}") from None
    pairs = [(name, await _part(one)) for name, one in form.multi_items()]
    await form.close()
    return gathered(pairs)


async def _part(one: UploadFile | str) -> Any:
    if isinstance(one, str):
        return one
    return {
        "filename": one.filename, "content_type": one.content_type, "size": one.size,
        "base64": base64.b64encode(await one.read()).decode(),
    }  # fmt: skip
