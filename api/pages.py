"""Pages of a list: the cursor that a page answers with, and the filter that a list is asked by."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

import msgspec

from api.problems import BadRequest
from contracts.errors import InvalidInput
from contracts.ports.read_models import Cursor, Table
from projections.filter import Filter, in_words

LIST_MAX: Final = 500
"""So many rows a page has at most."""
OFFSET_MAX: Final = 2**62
_CHARS_MAX: Final = 4_000


class _Shown(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A cursor, and whether its list is shown from its other end."""

    time: int
    partition: int
    number: int
    rest: tuple[int | str, ...]
    is_turned: bool = False


_shown: Final = msgspec.json.Encoder().encode
_read: Final = msgspec.json.Decoder(_Shown).decode


def shown_cursor(cursor: Cursor, is_turned: bool = False) -> str:
    """A cursor as a page answers with it, of a list that is shown from its other end where it `is_turned`."""
    row = cursor.time, cursor.partition, cursor.number, cursor.rest
    content = _shown((*row, True) if is_turned else row)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_cursor(cursor: str | None, table: Table[Any], is_turned: bool = False) -> Cursor | None:
    """The row that a cursor stands for. Raises BadRequest for what is none of this list, or was given in the other order."""
    if cursor is None:
        return None
    try:
        content = base64.b64decode(cursor[:_CHARS_MAX].encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        shown = _read(content)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _no_cursor(cursor) from None
    at, partition, number, rest = shown.time, shown.partition, shown.number, shown.rest
    hints = [column.type for column in table.columns[1 : len(table.key)]]
    is_of_list = len(rest) == len(hints) and all(type(one) is hint for one, hint in zip(rest, hints, strict=True))
    is_in_bounds = all(0 <= one <= OFFSET_MAX for one in (at, partition, number, *(one for one in rest if isinstance(one, int))))
    if not is_of_list or not is_in_bounds or any("\0" in one for one in rest if isinstance(one, str)):
        raise _no_cursor(cursor)
    if shown.is_turned != is_turned:
        said = f"cursor: {cursor!r:.200} is of a page in the other order; ask with the `sort` or `view` of that page, or without a cursor"
        raise BadRequest(422, "request.invalid", said)
    return Cursor(number, at, partition, rest)


def _no_cursor(cursor: str) -> BadRequest:
    return BadRequest(422, "request.invalid", f"cursor: {cursor!r:.200} is not one that a page of this list has answered with")


def read_filter(compiled: Callable[[str, int], Filter], source: str | None, now_ms: int) -> Filter | None:
    """The filter of a list. Raises BadRequest that names the part of it which cannot be asked."""
    return None if source is None else filter_in(compiled, source, now_ms, "query/filter")


def filter_in(compiled: Callable[[str, int], Filter], source: str, now_ms: int, path: str) -> Filter:
    """The filter that stands at a place of a request. Raises BadRequest that names the part of it which cannot be asked."""
    try:
        return compiled(source, now_ms)
    except InvalidInput as error:
        (found,) = error.problems
        problems = [{**found.as_value(), "path": path}]
        raise BadRequest(422, "filter.invalid", f"filter, {in_words(found)}", problems=problems) from None
