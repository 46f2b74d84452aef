"""Whether the product knows what files for deployment tell it: each option, each variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from infra.settings.sources import read_settings
from refold.cli.main import app
from refold.kafka.address import ENVIRONMENT, KafkaAddress, parse_address


def check_command(words: Sequence[str]) -> None:
    """Parse a command line as `refold` would. Raises what the parser raises of an unknown command or option, or a bad value."""
    command: Any = typer.main.get_command(app)
    name, rest = "refold", list(words)
    while hasattr(command, "commands"):
        name, rest = rest[0], rest[1:]
        assert name in command.commands, f"there is no command {name}"
        command = command.commands[name]
    command.make_context(name, rest)


def check_environment(variables: Mapping[str, str], command: str) -> None:
    """Raises InvalidSettings, ValueError or AssertionError where a variable is not one that this command reads."""
    ours = {name: value for name, value in variables.items() if name.startswith("REFOLD_")}
    of_kafka = {name for name in ours if name.startswith(ENVIRONMENT)}
    assert {name.removeprefix(ENVIRONMENT).lower() for name in of_kafka} <= set(KafkaAddress.__dataclass_fields__) - {"servers", "prefix"}
    parse_address("kafka://broker:9092", ours)
    others = {name: value for name, value in ours.items() if name not in of_kafka}
    if command == "worker":
        assert set(others) <= {"REFOLD_SERVER"}, "`refold worker` reads no settings"
    read_settings({}, others)
