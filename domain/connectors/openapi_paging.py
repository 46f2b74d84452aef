"""Pages, as one recognises them in an OpenAPI document: by what is usual to call what a page begins at, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_OFFSETS: Final = ("offset", "skip", "start", "startat", "start_at", "startindex", "start_index")
_PAGES: Final = ("page", "page_number", "pagenumber", "page_num", "pagenum", "page_no", "pageno", "currentpage", "page_index", "pageindex")
_CURSORS: Final = ("cursor", "page_token", "pagetoken", "next_token", "nexttoken", "next_cursor", "continuation_token", "continuationtoken",
                   "continuation", "after", "page_cursor", "pagecursor", "starting_token", "next_page_token", "marker", "scroll_id",
                   "bookmark", "iterator")  # fmt: skip
_SIZES: Final = ("limit", "per_page", "perpage", "page_size", "pagesize", "size", "count", "max_results", "maxresults", "first", "take",
                 "top", "results_per_page", "pagelimit", "page_limit", "amount")  # fmt: skip
_NEXTS: Final = ("next_cursor", "nextcursor", "next_page_token", "nextpagetoken", "next_token", "nexttoken", "next", "cursor",
                 "continuation_token", "continuationtoken", "next_page", "nextpage", "end_cursor", "endcursor", "next_offset", "marker",
                 "nextmarker", "scroll_id", "bookmark", "after", "iterator")  # fmt: skip
_URLS: Final = ("next", "next_url", "nexturl", "nextlink", "next_link", "@odata.nextlink", "next_page_url", "next_href", "next_page_uri")
_MORE: Final = ("has_more", "hasmore", "has_next", "hasnext", "has_next_page", "hasnextpage", "more")
_ITEMS: Final = ("items", "data", "results", "values", "entries", "records", "objects", "list", "content", "value", "nodes")
_WRAPS: Final = ("meta", "pagination", "paging", "page_info", "pageinfo", "response_metadata", "links", "cursors", "next_page", "metadata")


def paging_of(inputs: Mapping[str, Any], output: Any, defs: Mapping[str, Any], has_link: bool) -> dict[str, Any] | None:
    """How the pages of a list come, as far as inputs and the answer's schema tell; None where nothing does.

    `inputs` are the schemas of what stands in the query.
    """
    fields = list(_fields(output, defs))
    items = _items(output, fields, defs)
    if items is None:
        return None
    size = _named(inputs, _SIZES)
    base = {"items": items, **({"size": size} if size else {})}
    more = next((place for name, place, schema in fields if name in _MORE and _is(schema, "boolean")), None)
    ends = {"more": more} if more else {}
    url = next((place for name, place, schema in fields if name in _URLS and _is_url(name, schema)), None)
    if has_link or url is not None:
        return {"by": "link", **base, **({} if has_link else {"next": url})}
    if "starting_after" in inputs and more:
        return {"by": "cursor", "input": "starting_after", **base, "last": "/id", **ends}
    cursor = _named(inputs, _CURSORS)
    following = next((place for wanted in _NEXTS for name, place, schema in fields if name == wanted and not _is(schema, "boolean")), None)
    if cursor is not None and following is not None:
        return {"by": "cursor", "input": cursor, **base, "next": following, **ends}
    offset = _named(inputs, _OFFSETS)
    if offset is not None and size is not None and _is(_plain(inputs[offset], defs), "integer"):
        return {"by": "offset", "input": offset, **base, **ends}
    page = _named(inputs, _PAGES)
    if page is not None and _is(_plain(inputs[page], defs), "integer"):
        schema = _plain(inputs[page], defs)
        begins = schema.get("default", schema.get("minimum"))
        return {"by": "page", "input": page, **base, **ends, **({"first": 0} if begins == 0 and not isinstance(begins, bool) else {})}
    return None


def _named(inputs: Mapping[str, Any], known: tuple[str, ...]) -> str | None:
    by_lower = {name.lower(): name for name in inputs}
    return next((by_lower[name] for name in known if name in by_lower), None)


def _plain(schema: Any, defs: Mapping[str, Any]) -> dict[str, Any]:
    """What a schema says of its own, references followed; of alternatives the one that is not null."""
    for _ in range(10):
        if not isinstance(schema, dict):
            return {}
        reference, alternatives = schema.get("$ref"), schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(reference, str) and reference.startswith("#/$defs/"):
            schema = defs.get(reference[len("#/$defs/") :])
        elif isinstance(alternatives, list) and "properties" not in schema and "items" not in schema:
            others = [one for one in alternatives if not (isinstance(one, dict) and one.get("type") == "null")]
            if len(others) != 1:
                return schema
            schema = others[0]
        else:
            return schema
    return {}


def _fields(output: Any, defs: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The fields of an answer, and those of what wraps what is said of pages: name in small letters, place, schema."""
    for name, schema in _properties(output, defs).items():
        plain = _plain(schema, defs)
        yield name.lower(), f"/{_escaped(name)}", plain
        if name.lower() in _WRAPS:
            for inner, one in _properties(plain, defs).items():
                yield inner.lower(), f"/{_escaped(name)}/{_escaped(inner)}", _plain(one, defs)


def _properties(schema: Any, defs: Mapping[str, Any]) -> dict[str, Any]:
    plain = _plain(schema, defs)
    found = dict(plain.get("properties", {})) if isinstance(plain.get("properties"), dict) else {}
    for one in plain.get("allOf", ()) if isinstance(plain.get("allOf"), list) else ():
        inner = _plain(one, defs).get("properties")
        found.update(inner if isinstance(inner, dict) else {})
    return found


def _items(output: Any, fields: list[tuple[str, str, dict[str, Any]]], defs: Mapping[str, Any]) -> str | None:
    if _is(_plain(output, defs), "array"):
        return ""
    lists = {name: place for name, place, schema in fields if place.count("/") == 1 and _is(schema, "array")}
    named = next((lists[name] for name in _ITEMS if name in lists), None)
    return named if named is not None else next(iter(lists.values())) if len(lists) == 1 else None


def _is(schema: Mapping[str, Any], kind: str) -> bool:
    types = schema.get("type")
    return kind in types if isinstance(types, list) else types == kind


def _is_url(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a field is a URL: it says so, or it is called so."""
    return schema.get("format") in ("uri", "url", "uri-reference") or any(word in name for word in ("url", "link", "href", "uri"))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
