"""What a path, a query and a head say: text, and the parameters that a route has. What was mistyped is refused, not passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args, get_origin
from urllib.parse import unquote_to_bytes

from fastapi import Request

from api.problems import BadRequest
from domain.definition.findings import nearest


async def only_text(request: Request) -> None:
    """Refuse a request whose path or query is no text once its `%` are read. Raises BadRequest that names the part of it."""
    path, query = request.scope.get("raw_path", b""), request.scope["query_string"]
    for part in (*path.split(b"/"), *query.split(b"&")) if b"%" in path or b"%" in query else ():
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            found = part.decode("latin-1")
            raise BadRequest(400, "target", f"expected text in UTF-8 in the path and the query, found {found:.200}") from None


async def only_known(request: Request) -> None:
    """Refuse a request with a query parameter that its route does not have, or takes once and got twice. Raises BadRequest.

    So is a header that is a parameter (`Idempotency-Key`): which of two would be meant?
    """
    dependant = request.scope["route"].dependant
    problems = [
        _repeated(f"header/{field.alias}", count)
        for field in dependant.header_params
        if (count := len(request.headers.getlist(field.alias))) > 1
    ]
    if request.scope["query_string"]:
        problems += _query_problems(Counter(name for name, _ in request.query_params.multi_items()), dependant)
    if problems:
        said = "; ".join(f"{one['message']}, {one['fix']}" for one in problems)
        raise BadRequest(422, "request.invalid", said, problems=problems)


def _query_problems(counts: Counter[str], dependant: Any) -> Iterator[dict[str, str]]:
    known = dict(sorted(_parameters(dependant)))
    yield from (_unknown(name, list(known)) for name in counts if name not in known)
    yield from (_repeated(f"query/{name}", count) for name, count in counts.items() if count > 1 and not known.get(name, True))


def _parameters(dependant: Any) -> Iterator[tuple[str, bool]]:
    """The query parameters of a route, with those of what it depends on, and whether each may be repeated."""
    for field in dependant.query_params:
        kind = field.field_info.annotation
        yield field.alias, any(get_origin(part) is list for part in (kind, *get_args(kind)))
    for other in dependant.dependencies:
        yield from _parameters(other)


def _unknown(name: str, known: list[str]) -> dict[str, str]:
    near = nearest(name, known)
    there = f"it has {', '.join(known)}" if known else "it has none"
    return {
        "path": f"query/{name}",
        "rule": "unknown_parameter",
        "message": f"query/{name}: the path has no such parameter",
        "fix": f"did you mean `{near}`?" if near else there,
    }


def _repeated(path: str, count: int) -> dict[str, str]:
    return {
        "path": path,
        "rule": "repeated_parameter",
        "message": f"{path}: expected once, found {count} times",
        "fix": "leave all but one out",
    }
