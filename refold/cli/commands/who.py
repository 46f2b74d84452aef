"""Who acts, as the options of the command line and the environment say it."""

from __future__ import annotations

import os
from typing import NamedTuple

from contracts.caller import ANONYMOUS
from contracts.person import Person, name_problem, person_problem
from refold.cli.commands.output import BadInput


class Who(NamedTuple):
    """Who acts, as the options say it; else as REFOLD_PERSON and REFOLD_GROUPS do."""

    name: str | None = None
    groups: tuple[str, ...] = ()

    def person(self) -> Person:
        """The person. Raises BadInput for what is nobody's name."""
        name = self.name or os.environ.get("REFOLD_PERSON") or ANONYMOUS
        groups = self.groups or tuple(one.strip() for one in os.environ.get("REFOLD_GROUPS", "").split(",") if one.strip())
        for problem in (person_problem(name), *map(name_problem, groups)):
            if problem is not None:
                raise BadInput(f"--as and --group: {problem}")
        return Person(name, groups, "cli")
