"""A saved view: a filter of executions under a name, and how its list is shown."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

from api.resources.kind import ResourceKind
from contracts.errors import InvalidInput, Problem
from domain.definition.findings import nearest
from projections.execution_columns import COLUMNS, execution_filter

COLUMNS_MAX: Final = 50
FILTER_LENGTH_MAX: Final = 20_000
SHOWN: Final = (*(name for name in COLUMNS if name not in ("search", "error", "waits_for")), "error", "waiting_for")
"""What a column of a view may be; besides, `search.NAME`."""


_EXAMPLE: Final[Any] = {"filter": "status == 'incident' && workflow == 'order'", "columns": ["execution_id", "search.customer"]}


Sort: TypeAlias = Literal["created_at", "-created_at"]
"""How a list of executions is sorted: the oldest first, or the latest."""


class View(BaseModel):
    """Which executions, and what of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    filter: str = Field(default="", max_length=FILTER_LENGTH_MAX, description="which executions; all, where it is empty")
    columns: list[str] | None = Field(default=None, max_length=COLUMNS_MAX, description="what is shown of each, in this order")
    summary: str | None = Field(default=None, max_length=500, description="what it is for")
    sort: str | None = Field(
        default=None, pattern=f"^({'|'.join(get_args(Sort))})$", description="`-created_at`, the latest first, or `created_at`, the oldest"
    )


def check_view(view: View, now_ms: int) -> None:
    """Raise InvalidInput for a filter that cannot be asked, or a column that no list has."""
    if view.filter:
        try:
            execution_filter(view.filter, now_ms)
        except InvalidInput as error:
            raise InvalidInput([problem._replace(path="/filter") for problem in error.problems]) from None
    problems = [_unknown(number, name) for number, name in enumerate(view.columns or ()) if not _is_column(name)]
    if problems:
        raise InvalidInput(problems)


def _is_column(name: Any) -> bool:
    return name in SHOWN or (name.startswith("search.") and len(name) > len("search."))


def _unknown(number: int, name: str) -> Problem:
    near = nearest(name, SHOWN)
    fix = f"did you mean `{near}`?" if near else f"there are {', '.join(SHOWN)} and search.NAME"
    return Problem(f"/columns/{number}", "unknown_column", f"a list has no column {name[:100]!r}", fix)


VIEWS: Final = ResourceKind(name="views", one="view", model=View, right="steer", check=check_view)
