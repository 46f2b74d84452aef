"""What operations share that list rows across executions, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Query

from api.operations.operation import Reply
from api.pages import LIST_MAX, shown_cursor
from api.service import Rows

R = TypeVar("R", bound=tuple[Any, ...])
FilterText = Annotated[str | None, Query(description="only those for which this expression is true")]
CursorText = Annotated[str | None, Query(description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=LIST_MAX)]


def page_of(name: str, found: Rows[R], limit: int, shown: Callable[[R], Any]) -> Reply:
    """A page of up to `limit` rows of a list that was asked for one more."""
    following = shown_cursor(found.cursors[limit - 1]) if len(found.records) > limit else None
    return Reply({name: [shown(one) for one in found.records[:limit]], "next": following, "position": found.position}, found.position)
