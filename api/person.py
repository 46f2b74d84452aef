"""Who acts on a human task, by the head of a request: until there are users, whoever the request says.

    Refold-Person: ada@example.com        who it is; without it nobody known
    Refold-Groups: finance, board         of which groups, by commas

A proxy that knows who asks sets both, and lets nobody else set them. The address is that of whoever has connected.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Header, Request

from api.problems import BadRequest
from contracts.caller import Caller
from contracts.person import GROUPS_MAX, Person, name_problem, person_problem

PersonHeader: TypeAlias = Annotated[str | None, Header(alias="Refold-Person", description="who acts; `anonymous` without it")]
GroupsHeader: TypeAlias = Annotated[str | None, Header(alias="Refold-Groups", description="the groups of whoever acts, by commas")]
ADDRESS_LENGTH_MAX = 100


def person_of(caller: Caller, request: Request, name: str | None, groups: str | None) -> Person:
    """The person who asks. Raises BadRequest for what is nobody's name."""
    named = tuple(dict.fromkeys(one.strip() for one in _text(groups or "").split(",") if one.strip()))
    if len(named) > GROUPS_MAX:
        raise BadRequest(422, "request.invalid", f"Refold-Groups: expected at most {GROUPS_MAX} groups, found {len(named)}")
    who = _text(name).strip() if name is not None else caller.actor
    problems = [("Refold-Person", person_problem(who)), *(("Refold-Groups", name_problem(group)) for group in named)]
    for header, problem in problems:
        if problem is not None:
            raise BadRequest(422, "request.invalid", f"{header}: {problem}")
    address = "" if request.client is None else request.client.host[:ADDRESS_LENGTH_MAX]
    return Person(who, named, address=address)


def _text(header: str) -> str:
    """A header as text: its bytes are UTF-8, where they are that."""
    try:
        return header.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return header
