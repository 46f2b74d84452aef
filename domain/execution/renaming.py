"""Renaming: what a path of one definition is called in another one, where nodes have other names.

names  each[]/charge → each[]/bill        each[3]/charge#1  ─►  each[3]/bill#1
       each → orders                       each[3]/charge    ─►  orders[3]/charge
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace

from contracts.commands import Command, FireTimer
from contracts.events import Ending
from domain.execution.memo import CancelMemo, Memo, TryMemo

_STEP: Final = re.compile(r"([^.\[#]*)((?:#\d+)?)(.*)", re.DOTALL)
_ITERATION: Final = re.compile(r"\[\d*\]")


class Renaming:
    """From the places of nodes in one definition to what they are called in another: the place with its last name changed."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = {old: new.rpartition("/")[2] for old, new in names}

    def __bool__(self) -> bool:
        """Whether anything is called otherwise."""
        return bool(self._names)

    def path(self, path: str) -> str:
        """What a path is called: of a node or a body, of an execution or of the definition."""
        if not self._names or not path:
            return path
        steps, place = [], ""
        for step in path.split("/"):
            found = _STEP.fullmatch(step)
            assert found is not None, "any text is a step"
            name, number, rest = found.groups()
            known = f"{place}/{name}" if place else name
            steps.append(f"{self._names.get(known, name)}{number}{rest}")
            place = known + (_ITERATION.sub("[]", rest) if rest.startswith("[") else rest)
        return "/".join(steps)

    def timer(self, timer: str) -> str:
        """What a timer is called."""
        path, colon, purpose = timer.rpartition(":")
        return f"{self.path(path)}{colon}{purpose}"

    def keys(self, by_path: dict[str, Any]) -> dict[str, Any]:
        """The same by what the paths are called."""
        return {self.path(path): one for path, one in by_path.items()} if self._names else by_path

    def paths(self, paths: Iterable[str]) -> list[str]:
        """What each is called."""
        return [self.path(one) for one in paths]

    def ending(self, ending: Ending | None) -> Ending | None:
        """The same, meant for the same loop."""
        return ending if ending is None or not ending.target else replace(ending, target=self.path(ending.target))

    def memo(self, memo: Memo | None) -> None:
        """Let a memo speak of the same nodes; it is changed."""
        if isinstance(memo, CancelMemo):
            memo.ended, memo.waiting = self.paths(memo.ended), self.paths(memo.waiting)
        elif isinstance(memo, TryMemo):
            memo.ending = self.ending(memo.ending)

    def command(self, command: Command) -> Command:
        """A command that is kept, for the same node."""
        if isinstance(command, FireTimer):
            return replace(command, timer=self.timer(command.timer))
        path = getattr(command, "path", None)
        return replace(command, path=self.path(path)) if path else command


def numbered(count: int, place_of: Callable[[int], int | None]) -> dict[int, int]:
    """Where each of so many things went; those that are not there any more left out."""
    return {number: found for number in range(count) if (found := place_of(number)) is not None}
