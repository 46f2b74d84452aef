"""The read model `search`: each value of `settings.search` of an execution by its name, kept so that it is found by what it is.

Lists of executions are filtered by them; what is shown of them stands in the row of the execution.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from contracts.ports.read_models import Changes, Index, Table
from contracts.ports.where import INT_MAX, INT_MIN
from contracts.values import is_reference
from projections.execution_columns import SEARCH_TABLE
from projections.filter.column import HEAD_CHARS
from projections.read_model import ReadModel, Visit


class SearchRecord(NamedTuple):
    """A value. `kind` says which: `int` is in `whole`, `double` in `real`, `string` in `text`.

    Ints beyond 64 bits are `above` or `below`, and in `real` is a double that is beyond, too: enough to be compared with others.

    `head` is how the text begins, by which an index finds it; `size` the characters of a text, the items of a list, the keys of a map.
    `created_at` is of the execution, so that an index has values in the order of the list.
    """

    number: int
    name: str
    kind: str
    head: str | None = None
    text: str | None = None
    whole: int | None = None
    real: float | None = None
    size: int | None = None
    created_at: int = 0


SEARCH_VALUES: Final = Table(
    name=SEARCH_TABLE,
    row=SearchRecord,
    key=("number", "name"),
    fixed=("kind", "head", "text", "whole", "real", "size", "created_at"),
    indexes=(
        Index("by_text", ("name", "head"), "head IS NOT NULL"),
        Index("by_whole", ("name", "whole"), "whole IS NOT NULL"),
        Index("by_real", ("name", "real"), "real IS NOT NULL"),
        Index("by_kind", ("name", "kind"), "head IS NULL AND whole IS NULL AND real IS NULL"),
    ),
    time="created_at",
    is_latest_first=True,
)
_ABOVE: Final = 2.0**63
_KINDS: Final = {None: "null", True: "true", False: "false"}


def search_records(number: int, search: bytes | None, created_at: int = 0) -> Iterator[SearchRecord]:
    """The rows of an execution's search values; none where they are so large that they lie in a blob."""
    if search is None or is_reference(search):
        return
    for name, value in msgspec.json.decode(search).items():
        yield _record(number, name, value)._replace(created_at=created_at)


def _record(number: int, name: str, value: Any) -> SearchRecord:
    if value is None or isinstance(value, bool):
        return SearchRecord(number, name, _KINDS[value])
    if isinstance(value, str):
        text = value.replace("\0", "\ufffd")
        return SearchRecord(number, name, "string", text[:HEAD_CHARS], text, size=len(text))
    if isinstance(value, float):
        return SearchRecord(number, name, "double", real=value)
    if isinstance(value, int):
        if INT_MIN <= value <= INT_MAX:
            return SearchRecord(number, name, "int", whole=value)
        return SearchRecord(number, name, "above", real=_ABOVE) if value > 0 else SearchRecord(number, name, "below", real=-2 * _ABOVE)
    return SearchRecord(number, name, "list" if isinstance(value, list) else "map", size=len(value))


def _finish(changes: Changes, visit: Visit) -> None:
    state = visit.folded.state
    if SEARCH_TABLE in visit.before or state.search is None:
        return
    visit.before[SEARCH_TABLE] = {}  # they never change
    for value in search_records(visit.trail.number, state.search, state.created_at):
        changes.put(SEARCH_VALUES, value)


READ_MODEL: Final = ReadModel(name="search", version=2, shape="2102bd44505ff502", tables=(SEARCH_VALUES,), finish=_finish)
