"""How values are written into paths, queries, headers and cookies: the styles of OpenAPI 3, which are those of RFC 6570 and some more.

What the specification leaves open: what is inside of a list or an object is written as JSON, and `deepObject` goes on with brackets,
`a[b][0]=c`, as PHP, Rails and Stripe read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from contracts.connectors import Parameter, Place

DEFAULTS: Final[dict[Place, str]] = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_KEPT: Final = ":/?@!$'()*,;[]"
"""Of the reserved characters those that may stand in a query as they are without ending what stands there."""
_JOINTS: Final = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
Pair = tuple[str, str]


class Unfit(Exception):
    """An input that cannot be sent; the message names it."""


def text_of(value: Any) -> str:
    """A value as text: what is no text is written as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encoded(value: Any, keeps_reserved: bool = False) -> str:
    """The text of a value with everything encoded that means something in a URL. Raises Unfit."""
    try:
        return quote(text_of(value), safe=_KEPT if keeps_reserved else "")
    except UnicodeEncodeError:
        raise Unfit("holds half of a character, which no UTF-8 can") from None


def in_path(parameter: Parameter, value: Any) -> str:
    """What stands in a path for a parameter. Raises Unfit for what would be another path."""
    style, explode = _style(parameter)
    if value is None or value in ("", [], {}):
        raise Unfit("is empty, and no path can be without it")
    match style:
        case "label":
            return "." + (("." if explode else ",").join(_parts(value, explode)))
        case "matrix":
            return _matrix(parameter.name, value, explode)
    found = ",".join(_parts(value, explode))
    if found in (".", ".."):
        raise Unfit(f"is `{found}`, which would be another path")
    return found


def _matrix(name: str, value: Any, explode: bool) -> str:
    if explode and isinstance(value, dict):
        return "".join(f";{encoded(key)}={encoded(one)}" for key, one in value.items())
    if explode and isinstance(value, list):
        return "".join(f";{encoded(name)}={encoded(one)}" for one in value)
    return f";{encoded(name)}={','.join(_parts(value, False))}"


def _parts(value: Any, explode: bool) -> Iterator[str]:
    """A list item by item; an object as `k=v` where it is taken apart, as `k`, `v` where not."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [f"{encoded(key)}={encoded(one)}"] if explode else [encoded(key), encoded(one)]
    elif isinstance(value, list):
        yield from map(encoded, value)
    else:
        yield encoded(value)


def in_query(parameter: Parameter, value: Any) -> Iterator[Pair]:
    """The pairs of a query, of cookies or of a form, encoded; nothing for null."""
    style, explode = _style(parameter)
    name, keeps = encoded(parameter.name), parameter.allow_reserved
    if value is None:
        return
    if parameter.is_json:
        yield name, encoded(json.dumps(value, ensure_ascii=False, allow_nan=False))
    elif style == "deepObject" and isinstance(value, dict | list):
        yield from _deep(name, value, keeps)
    elif isinstance(value, dict) and explode:
        yield from ((encoded(key), encoded(one, keeps)) for key, one in value.items() if one is not None)
    elif isinstance(value, list) and explode:
        yield from ((name, encoded(one, keeps)) for one in value)
    elif isinstance(value, dict):
        yield name, _JOINTS.get(style, ",").join(encoded(one, keeps) for pair in value.items() for one in pair)
    elif isinstance(value, list):
        yield name, _JOINTS.get(style, ",").join(encoded(one, keeps) for one in value)
    else:
        yield name, encoded(value, keeps)


def _deep(name: str, value: Any, keeps: bool) -> Iterator[Pair]:
    waiting = [(name, value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, dict | list):
            inside = one.items() if isinstance(one, dict) else enumerate(one)
            waiting.extend([(f"{place}[{encoded(str(key))}]", given) for key, given in inside][::-1])
        elif one is not None:
            yield place, encoded(one, keeps)


def in_header(parameter: Parameter, value: Any) -> str:
    """What stands in a header. Raises Unfit for what is more than a line of ASCII."""
    explode = bool(parameter.explode)
    if parameter.is_json:
        found = json.dumps(value, ensure_ascii=True, allow_nan=False)
    elif isinstance(value, dict):
        pairs = [f"{key}={text_of(one)}" if explode else f"{key},{text_of(one)}" for key, one in value.items()]
        found = ",".join(pairs)
    elif isinstance(value, list):
        found = ",".join(map(text_of, value))
    else:
        found = text_of(value)
    if not found.isascii() or any(ord(sign) < 32 and sign != "\t" for sign in found):
        raise Unfit("is to be one line of ASCII text, as it stands in a header")
    return found


def _style(parameter: Parameter) -> tuple[str, bool]:
    style = parameter.style or DEFAULTS[parameter.place]
    return style, style in ("form", "deepObject") if parameter.explode is None else parameter.explode
