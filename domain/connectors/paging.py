"""Pages of long lists: what is on a page, and what the next one is asked for by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from contracts.connectors import Action, Paging

_LINK: Final = re.compile(r"<([^<>]{1,8192})>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")
_NEXT: Final = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next(?=\s*(;|$)))", re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443}


class BadPage(Exception):
    """An answer that is no page as the connector says it would be."""


class Asked(NamedTuple):
    """What a page was asked for by: the inputs, and the URL that it was asked at."""

    given: dict[str, Any]
    url: str


class Next(NamedTuple):
    """What the next page is asked for by: inputs that are other ones, or a URL."""

    inputs: dict[str, Any]
    url: str | None = None

    def as_value(self) -> dict[str, Any]:
        """As the outcome of a node shows it."""
        return self.inputs if self.url is None else {"url": self.url}


def items_of(paging: Paging, body: Any) -> list[Any]:
    """What is on a page. Raises BadPage."""
    found = _at(body, paging.items)
    if not isinstance(found, list):
        where = f"at {paging.items}" if paging.items else "as its body"
        raise BadPage(f"the answer has no list {where}, where the connector says that the items are")
    return found


def next_of(action: Action, asked: Asked, headers: Mapping[str, str], body: Any) -> Next | None:
    """What follows a page; None after the last one. Raises BadPage."""
    paging = action.paging
    assert paging is not None
    if paging.more is not None and _at(body, paging.more) is not True:
        return None
    if paging.by == "link":
        return _link(paging, asked, headers, body)
    items = items_of(paging, body)
    assert paging.input is not None
    if paging.by == "cursor":
        cursor = _at(items[-1], paging.last) if paging.last and items else _at(body, paging.next) if paging.next else None
        return None if cursor in (None, "") or isinstance(cursor, bool) else Next({paging.input: cursor})
    if not items or (paging.more is None and len(items) < _size(action, paging, asked.given)):
        return None
    begun = asked.given.get(paging.input)
    if begun is None or isinstance(begun, bool) or not isinstance(begun, int):
        begun = paging.first if paging.by == "page" else 0
    return Next({paging.input: begun + (1 if paging.by == "page" else len(items))})


def _size(action: Action, paging: Paging, given: Mapping[str, Any]) -> int:
    """How many items a full page has; 0 where nobody says it."""
    said = None if paging.size is None else given.get(paging.size)
    if said is None and paging.size is not None:
        schema = action.input.get("properties", {}).get(paging.size)
        said = schema.get("default") if isinstance(schema, dict) else None
    return said if isinstance(said, int) and not isinstance(said, bool) else 0


def _link(paging: Paging, asked: Asked, headers: Mapping[str, str], body: Any) -> Next | None:
    found = _at(body, paging.next) if paging.next is not None else _header(headers.get("link", ""))
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise BadPage(f"the answer has no URL at {paging.next}")
    try:
        url = urljoin(asked.url, found)
        is_there = _origin(url) == _origin(asked.url)
    except ValueError:
        url, is_there = "", False
    if not is_there:
        raise BadPage("the next page is at another server than this one: what shows who asks goes to nobody else")
    return Next({}, url)


def _header(text: str) -> str | None:
    return next((found[1] for found in _LINK.finditer(text[:65_536]) if _NEXT.search(found[2])), None)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    found = urlsplit(url)
    return found.scheme, found.hostname, found.port or _PORTS.get(found.scheme)


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; None where it leads nowhere."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
