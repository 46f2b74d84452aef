"""Ranges: a part of an answer's bytes, as HTTP asks for it (RFC 9110, 14); of several at once all of it is given."""

from __future__ import annotations

import re
from typing import Final

from fastapi import Request, Response

from api.problems import BadRequest

_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,4000})\s*-\s*(\d{0,4000})\s*", re.ASCII | re.IGNORECASE)


def part_of(request: Request, content: bytes, etag: str, media_type: str, headers: dict[str, str]) -> Response:
    """The content, or the range of it that is asked for; nothing where the caller has it. Raises BadRequest (416) for a range beyond it."""
    headers = {**headers, "ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    if etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    wanted = range_of(request.headers.get("range", ""), len(content)) if request.headers.get("if-range", etag) == etag else None
    if wanted is None:
        return Response(content, headers=headers, media_type=media_type)
    first, end = wanted
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(content)}"
    return Response(content[first:end], 206, headers, media_type=media_type)


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """From which byte on, and up to which; None where nothing is asked for that can be given in one piece. Raises BadRequest (416)."""
    found = _RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        first, end = max(0, size - int(found[2])), size
    else:
        first, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < first:
            return None
    if first >= size:
        said = f"Range: expected a part of {size:,} bytes, found {header[:100]}"
        raise BadRequest(416, "range", said, {"Content-Range": f"bytes */{size}"})
    return first, end
