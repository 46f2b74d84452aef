"""A person: whoever acts on a human task, in which groups, and how that reached the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from unicodedata import normalize

import msgspec

GROUP_PREFIX: Final = "group:"
"""What an assignee begins with that is a group."""
PERSON_LENGTH_MAX: Final = 200
GROUPS_MAX: Final = 100
WEB: Final = "web"
"""The channel of whoever asks the server itself."""


class Person(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whoever acts: the name, the groups as they were said, the channel, and the network address that it came from."""

    name: str
    groups: tuple[str, ...] = ()
    channel: str = WEB
    address: str = ""

    def is_among(self, assignees: Iterable[str]) -> bool:
        """Whether one of the assignees is this person, or a group of theirs; of none at all, anybody is."""
        asked = [plain_name(one) for one in assignees]
        return not asked or not {plain_name(self.name), *(plain_name(GROUP_PREFIX + group) for group in self.groups)}.isdisjoint(asked)


def plain_name(name: str) -> str:
    """A name in the one form that is compared: people write them in large and small letters, and keyboards `é` in two ways."""
    plain = name.lower() if name.isascii() else normalize("NFKC", normalize("NFKC", name).casefold())
    plain = plain.strip()
    return GROUP_PREFIX + plain.removeprefix(GROUP_PREFIX).strip() if plain.startswith(GROUP_PREFIX) else plain


def person_problem(name: object) -> str | None:
    """Why something cannot be the name of a person; None where nothing speaks against it."""
    if isinstance(name, str) and plain_name(name).startswith(GROUP_PREFIX):
        return f"expected the name of a person, found that of a group: {name[:100]!r}"
    return name_problem(name)


def name_problem(name: object) -> str | None:
    """Why something cannot be the name of a person or a group; None where nothing speaks against it."""
    if not isinstance(name, str):
        return f"expected a name, found {str(name)[:100]!r}"
    if not name.removeprefix(GROUP_PREFIX).strip():
        return "expected a name, found an empty text"
    if len(name) > PERSON_LENGTH_MAX:
        return f"expected at most {PERSON_LENGTH_MAX} characters, found {len(name)}"
    if not name.isprintable() or "," in plain_name(name):
        return f"expected printable characters and no comma, found {name!r}"
    return None
