"""What a kind asks of its own config, beyond its shape: problems whose paths begin in the config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from contracts.errors import Problem
from contracts.ids import signal_name_problem


def reserved_ports(named: Iterable[tuple[str, str | None]], **more: str) -> Iterator[Problem]:
    """Ports that cannot be named, as they have a meaning: `error`, and those of the kind."""
    reserved: Mapping[str, str] = {"error": "the port of failures", **more}
    for path, port in named:
        if port is not None and port in reserved:
            yield Problem(
                path, "reserved_port", f"`{port}` is {reserved[port]} and cannot be named again", "choose another name for the port"
            )


def signal_names(named: Iterable[tuple[str, str]], may_be_filled_in: bool = True) -> Iterator[Problem]:
    """Names that no signal can have; one that holds a template is checked when it is filled in."""
    for path, name in named:
        if may_be_filled_in and "{{" in name:
            continue
        if (problem := signal_name_problem(name)) is not None:
            yield Problem(path, "signal_name", problem, "write a name like `approved` or `order.approved`")
