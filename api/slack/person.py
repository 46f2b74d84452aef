"""Who somebody is who presses a button in Slack: whoever has the mail address of their profile, in the groups that Slack lists them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.person import GROUP_PREFIX, GROUPS_MAX, PERSON_LENGTH_MAX, Person, name_problem, person_problem, plain_name
from contracts.ports.slack import Slack

SLACK: Final = "slack"
ADDRESS_LENGTH_MAX: Final = 100


class Nobody(Exception):
    """Somebody of whom nobody knows who they are; the message says why, to them."""


async def person_in(slack: Slack, payload: Mapping[str, Any], assignees: list[str]) -> Person:
    """Who has pressed. Groups are asked for only where they count. Raises Nobody, SlackFailed, NoCredential, LogError."""
    user, team = payload["user"]["id"], (payload.get("team") or {}).get("id", "")
    found = (await slack.ask("users.info", user=user))["user"]
    name = (found.get("profile") or {}).get("email") or ""
    if found.get("deleted") or found.get("is_bot") or found.get("is_stranger") or (team and found.get("team_id", team) != team):
        raise Nobody("only members of this workspace answer here")
    if found.get("is_email_confirmed") is False:
        raise Nobody("the mail address of your profile is not confirmed")
    if len(name) > PERSON_LENGTH_MAX or person_problem(name) is not None:
        raise Nobody("your profile shows no mail address by which you could be known")
    person = Person(name, (), SLACK, f"{team}/{user}"[:ADDRESS_LENGTH_MAX])
    if person.is_among(assignees) or not any(plain_name(one).startswith(GROUP_PREFIX) for one in assignees):
        return person
    listed = (await slack.ask("usergroups.list", include_users="true")).get("usergroups") or []
    groups = [str(one.get("handle", "")) for one in listed if user in (one.get("users") or ())]
    return Person(name, tuple(one for one in groups if name_problem(one) is None)[:GROUPS_MAX], SLACK, person.address)
