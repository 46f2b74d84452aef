"""Commands: each has its handler, in one family."""

from typing import get_args

from contracts.commands import Command
from domain.execution.decide import FAMILIES, HANDLERS


def test_each_command_has_one_handler() -> None:
    assert set(HANDLERS) == set(get_args(Command))
    assert sum(len(family.HANDLERS) for family in FAMILIES) == len(HANDLERS)
