"""Values of a table beside: conditions about them are asked of the row with their name."""

from __future__ import annotations

from contracts.ports.where import NEVER, Beside, Field, Is, Where, all_of
from projections.filter.bounds import known
from projections.filter.operand import Found, Term

NAME = Field("name", True)
KIND = Field("kind", True)
HEAD = Field("head", True)
TEXT = Field("text", True)
WHOLE = Field("whole")
REAL = Field("real")
SIZE = Field("size")


def has_row(found: Found, where: Where, is_so: bool = True) -> Where:
    """There is a value of this name for which something holds, or there is none. No name has a NUL in it, and no parameter may."""
    if "\0" in found.name:
        return known(not is_so)
    return NEVER if where == NEVER and is_so else Beside(found.table, all_of(Is(NAME, "=", found.name), where), is_so)


def beside(term: Term, where: Where) -> Where:
    """A condition about a value, asked where it stands."""
    return where if term.search is None else has_row(term.search, where)
