"""The library that Refold's expressions were evaluated by, with as little around it as it needs: to compare with, and to measure beside.

What is not its own is kept from it: callers bind only what is read, since it converts all names before it evaluates. An optional
that leaves it inside of a list ends the process, so such results are read item by item. On Python 3.11 each null that leaves it
costs None a reference: it gets some to lose.
"""

from __future__ import annotations

import base64
import ctypes
import math
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

from domain.expressions import NAMES, program

if sys.version_info < (3, 12):
    ctypes.c_ssize_t.from_address(id(None)).value += 10**12

_FAILURES = (RuntimeError, MemoryError, ValueError, TypeError, SystemError)
_MAKES_OPTIONALS = re.compile(r"\?|optional|first|last")


class LibraryRefusal(Exception):
    """The library does not compile the source, or does not evaluate it: in its own words."""


@cache
def _environment() -> Any:
    extensions = [ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional()]
    return cel.NewEnv(variables=dict.fromkeys(NAMES, cel.Type.DYN), extensions=extensions)


class LibraryProgram:
    """An expression compiled by the library. Raises LibraryRefusal where it cannot be."""

    def __init__(self, source: str) -> None:
        self._tree = _tree_of(program(source).references)
        self._has_optionals = bool(_MAKES_OPTIONALS.search(source))
        own = re.sub(r"\bnum\(", "double(", source)
        try:
            self._compiled = _environment().compile(own)
            if self._has_optionals and self._compiled.return_type().name().startswith("optional_type"):
                self._compiled = _environment().compile(f"dyn(\n{own}\n).orValue(null)")
        except _FAILURES as error:
            raise LibraryRefusal(str(error)) from None

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The plain JSON value. Raises LibraryRefusal."""
        try:
            result = self._compiled.eval(data={root: _pruned(names[root], below) for root, below in self._tree.items() if root in names})
            kind = result.type().name()
            if kind == "NULL":
                return None
            if kind == "ERROR":
                raise LibraryRefusal(str(result.value()))
            return _plain(_item_by_item(result) if self._has_optionals else result.plain_value())
        except _FAILURES as error:
            raise LibraryRefusal(str(error)) from None


def _tree_of(references: Any) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for reference in references:
        place, path = tree, (reference.root, *reference.path)
        for key in path[:-1]:
            if key in place and not place[key]:
                break
            place = place.setdefault(key, {})
        else:
            place[path[-1]] = {}
    return tree


def _pruned(value: Any, tree: dict[str, Any]) -> Any:
    if not tree or not isinstance(value, Mapping):
        return value
    return {key: _pruned(value[key], below) for key, below in tree.items() if key in value}


def _item_by_item(value: Any) -> Any:
    kind = value.type().name()
    if kind == "NULL":
        return None
    content = value.value()
    if kind == "ERROR":
        raise LibraryRefusal(str(content))
    if isinstance(content, list):
        return [_item_by_item(item) for item in content]
    if isinstance(content, dict):
        return {key: _item_by_item(content[key]) for key in content}
    return content


def _plain(value: Any) -> Any:
    match value:
        case str() | bool() | int() | None:
            return value
        case float() if math.isfinite(value):
            return value
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {str(key).lower() if isinstance(key, bool) else str(key): _plain(item) for key, item in value.items()}
        case datetime():
            text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
            return (text.rstrip("0") if "." in text else text) + "Z"
        case timedelta():
            whole, part = divmod(abs(value // timedelta(microseconds=1)), 1_000_000)
            return f"{'-' if value < timedelta() else ''}{whole}{f'.{part:06d}'.rstrip('0') if part else ''}s"
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
    raise LibraryRefusal("not a value")
