"""The plan of a webhook: what is known of it before a request comes, read once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from api.hooks.deliveries import Came
from contracts.errors import ExpressionError
from contracts.triggers import Trigger
from domain.expressions import program
from domain.expressions.program import Program
from domain.expressions.tree import Index, Literal, Name, Select
from domain.triggers import challenges, signatures
from domain.triggers.firing import CONFIGS_MAX, config_of


class Plan(NamedTuple):
    """A trigger, its config, the headers that prove who sends, what makes two requests the same, how long an answer waits."""

    trigger: Trigger
    config: Any
    hidden: frozenset[str]
    key: Program | None
    key_header: str
    """The header that `key` is, where it is one and nothing else."""
    wait_s: float

    def kept(self, came: Came) -> Came:
        """The request without what proves who sends: expressions see that, and whoever looks at deliveries."""
        hidden, headers = self.hidden, came.headers
        challenge = self.config.challenge
        query = came.query if challenge is None else challenges.without_secret(challenge, came.query)
        if query is came.query and hidden.isdisjoint(headers):
            return came
        shown = dict(headers)
        for name in hidden & headers.keys():
            del shown[name]
        return Came(came.method, shown, query, came.body, came.sender)


@lru_cache(CONFIGS_MAX)
def plan_of(trigger: Trigger) -> Plan:
    """The plan of a webhook; made once for each config that it has had."""
    config = config_of(trigger)
    key = None if config.key is None else program(config.key)
    return Plan(trigger, config, signatures.read_names(config.signature), key, _header_of(key), config.wait_s)


def _header_of(key: Program | None) -> str:
    """The name in `trigger.headers['name']`; empty for whatever else is written."""
    try:
        tree = None if key is None else key.tree
    except ExpressionError:  # said where it is evaluated
        return ""
    match tree:
        case Index(owner=Select(owner=Name(name="trigger"), name="headers", is_optional=False), is_optional=False):
            return tree.key.value if isinstance(tree.key, Literal) and isinstance(tree.key.value, str) else ""
    return ""
