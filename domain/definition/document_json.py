"""JSON as a document: the standard library reads it; a doubled key is found by it, and placed by looking at the text again."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from domain.definition.text import TextFault, at, doubled, too_deep

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]')
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class _Doubled(Exception):
    """An object has a key twice."""


def parse_json(text: str) -> Any:
    """The value. Raises TextFault with line and column."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = at(error.lineno, error.colno)
        raise TextFault("syntax", f"{place}: not JSON: {error.msg}", "check quotes, commas and brackets there") from None
    except _Doubled:
        raise _place_of_doubled(text) from None
    except RecursionError:
        raise too_deep() from None
    except ValueError:
        raise TextFault("number", "a number has too many digits", "write it as a text") from None
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Doubled
    return made


def _no_constant(name: str) -> NoReturn:
    raise TextFault("number", f"expected a finite number, found {name}", "write it as a text")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise TextFault("encoding", "an escape stands for half a character (a lone surrogate)", "write the whole character") from None


def _place_of_doubled(text: str) -> TextFault:
    """Where the second of two equal keys stands; the text is known to be an otherwise good beginning of JSON."""
    open_keys: list[set[str] | None] = []
    may_be_key = False
    for found in _TOKEN.finditer(text):
        word = found.group()
        if word in "{[":
            open_keys.append(set() if word == "{" else None)
        elif word in "]}":
            open_keys.pop()
        elif word[0] == '"' and may_be_key and open_keys and (keys := open_keys[-1]) is not None:
            key = json.loads(word, strict=False)
            if key in keys:
                return doubled(key, *_line_and_column(text, found.start()))
            keys.add(key)
        may_be_key = word in "{,"
    return TextFault("doubled_key", "a key stands twice in one object", "keep one of the two")


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
