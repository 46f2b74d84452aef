"""The operation that gives a big value of an execution, whole or in parts."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import Path, Query, Request, Response

from api.operations.executions import VERSION_MAX, Id
from api.operations.operation import Operation
from api.problems import BadRequest
from api.ranges import part_of
from api.service import Service
from contracts.errors import Rejected
from contracts.sealed_value import hide

As = Literal["json", "text", "bytes"]
_TYPES: Final[dict[As, str]] = {"json": "application/json", "text": "text/plain; charset=utf-8", "bytes": "application/octet-stream"}
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_GUARD: Final = "default-src 'none'; sandbox"
"""Whatever it is: a browser runs nothing of it."""


async def get_value(
    service: Service,
    request: Request,
    execution: Id,
    blob: Annotated[str, Path(pattern="^sha256:[0-9a-f]{64}$", description="as histories and states show it")],
    version: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="an event that has it: it is found at once")] = None,
    as_: Annotated[As, Query(alias="as", description="`text`, `bytes`: a text in it, or what that is the base64 of")] = "json",
    pointer: Annotated[str, Query(max_length=1_000, description="a JSON pointer to that text")] = "",
    download: Annotated[str | None, Query(min_length=1, max_length=200, description="the name of a file to keep it as")] = None,
) -> Response:
    """A value of 64 KiB and more, as JSON, or a text in it; with `Range` a part of it."""
    if pointer and as_ == "json":
        raise BadRequest(422, "request.invalid", "query/pointer: expected with `as=text` or `as=bytes` alone")
    content = hide(await service.value(execution, blob.removeprefix("sha256:"), version))
    if as_ != "json":
        content = await service.compute(_text_in, content, pointer, as_)
    headers = {"Content-Security-Policy": _GUARD}
    if download is not None or as_ == "bytes":
        headers["Content-Disposition"] = f'attachment; filename="{_file_name(download or "value")}"'
    tag = f'"{blob[7:]}{"" if as_ == "json" else f".{as_}{_tagged(pointer)}"}"'
    return part_of(request, content, tag, _TYPES[as_], headers)


def _text_in(content: bytes, pointer: str, as_: As) -> bytes:
    """A text in a value. Raises BadRequest where there is none, or it is not the base64 of anything."""
    found = _at(msgspec.json.decode(content), pointer)
    if not isinstance(found, str):
        raise BadRequest(422, "request.invalid", f"query/pointer: expected a text in the value, found {_named(found)}")
    if as_ == "text":
        return found.encode()
    try:
        return base64.b64decode(found, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(422, "request.invalid", "query/as: the text is not the base64 of anything; `as=text` gives it as it is") from None


def _at(found: Any, pointer: str) -> Any:
    """What stands at a JSON pointer (RFC 6901). Raises Rejected where nothing does."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and _INDEX.fullmatch(key) and int(key) < len(found):
            found = found[int(key)]
        else:
            raise Rejected("unknown_value", f"query/pointer: the value has nothing at {pointer}")
    return found


def _named(found: Any) -> str:
    return {dict: "an object", list: "a list", bool: "true or false", type(None): "nothing"}.get(type(found), "a number")


def _tagged(pointer: str) -> str:
    return base64.urlsafe_b64encode(pointer.encode()).decode() if pointer else ""


def _file_name(name: str) -> str:
    return "".join(one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in name)


_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The value.", "content": {_TYPES[one].partition(";")[0]: {} for one in _TYPES}},
    206: {"description": "The part that `Range` asks for."},
    304: {"description": "The caller has it."},
}

VALUES: Final = (
    Operation(
        method="GET", path="/v1/executions/{execution}/values/{blob}", right="read", do=get_value, problems=(404, 409, 416),
        waits_for_position=True, described={"responses": _ANSWER, "response_class": Response},
    ),
)  # fmt: skip
