"""A channel to people, as a definition knows it: its name, and whether it has to be told by something that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contracts.errors import ExpressionError, Problem
from contracts.person import WEB

TARGET_LENGTH_MAX: Final = 500


class Channel:
    """A channel; by default one that takes a target (`{slack: "#finance"}`) and that is told by sending something to it."""

    name: str
    summary: str
    is_sent: bool = True
    """Whether people are told by something that is sent; else they look by themselves."""
    stands: bool = False
    """Whether what was sent offers answers until it is changed: then it is told that a task is over also where nobody knows if it was."""

    def target_problem(self, target: Any) -> str | None:
        """Why something cannot be its target, with all templates filled in; None where nothing speaks against it."""
        if not isinstance(target, str) or not target.strip():
            return f"expected where to send it, as a text, found {str(target)[:100]!r}"
        return None if len(target) <= TARGET_LENGTH_MAX else f"expected at most {TARGET_LENGTH_MAX} characters, found {len(target)}"


class Web(Channel):
    """The list of tasks that a server has: whoever is asked looks there."""

    name = WEB
    summary = "the list of tasks, over HTTP and on the command line"
    is_sent = False

    def target_problem(self, target: Any) -> str | None:
        """It has none."""
        return None if target is None else "`web` has no target"


class Route(NamedTuple):
    """A channel of a task, and where in it."""

    channel: str
    target: Any = None

    def as_value(self) -> dict[str, Any]:
        """As JSON."""
        return {"channel": self.channel, "target": self.target}


def read_route(given: Any) -> Route | None:
    """A channel as it is written: its name, or its name with a target; None for what is neither."""
    if isinstance(given, str):
        return Route(given)
    if isinstance(given, dict) and len(given) == 1:
        (name, target), *_ = given.items()
        return Route(name, target)
    return None


def route_problems(place: str, given: Any, channels: dict[str, Channel], is_filled_in: bool) -> Iterator[Problem]:
    """What is wrong with a channel as it is written; a target that holds a template is looked at when it is filled in."""
    route, known = read_route(given), ", ".join(f"`{name}`" for name in channels)
    if route is None:
        message = f"expected the name of a channel, or its name with where to send it, found {str(given)[:100]!r}"
        yield Problem(place, "channel", message, "write `web`, for example")
    elif (channel := channels.get(route.channel)) is None:
        yield Problem(place, "unknown_channel", f"there is no channel `{route.channel[:100]}`; there are {known}", "name one of these")
    elif (problem := channel.target_problem(route.target)) is not None and (is_filled_in or not _is_template(route.target)):
        yield Problem(place, "channel", f"`{route.channel}`: {problem}", f"see how `{route.channel}` is written in the reference")


def _is_template(target: Any) -> bool:
    return isinstance(target, str) and "{{" in target


def routes_of(given: Any, channels: dict[str, Channel]) -> list[Route]:
    """The channels of a task, with all templates filled in. Raises ExpressionError for what is none."""
    routes = []
    for index, one in enumerate(given):
        for problem in route_problems(f"channels[{index}]", one, channels, True):
            raise ExpressionError(f"`{problem.path}`: {problem.message}")
        route = read_route(one)
        assert route is not None
        routes.append(route)
    return routes
