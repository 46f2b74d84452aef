"""The plan of a webhook: what is known of it before a request comes, read once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from api.hooks.deliveries import Came
from contracts.triggers import Trigger
from domain.expressions import program
from domain.expressions.program import Program
from domain.triggers import challenges, signatures
from domain.triggers.firing import CONFIGS_MAX, config_of


class Plan(NamedTuple):
    """A trigger, its config, the headers that prove who sends, what makes two requests the same, how long an answer waits."""

    trigger: Trigger
    config: Any
    hidden: frozenset[str]
    key: Program | None
    wait_s: float

    def kept(self, came: Came) -> Came:
        """The request without what proves who sends: expressions see that, and whoever looks at deliveries."""
        hidden, headers = self.hidden, came.headers
        query = challenges.without_secret(self.config.challenge, came.query)
        if query is came.query and hidden.isdisjoint(headers):
            return came
        return Came(came.method, {name: one for name, one in headers.items() if name not in hidden}, query, came.body, came.sender)


@lru_cache(CONFIGS_MAX)
def plan_of(trigger: Trigger) -> Plan:
    """The plan of a webhook; made once for each config that it has had."""
    config = config_of(trigger)
    key = None if config.key is None else program(config.key)
    return Plan(trigger, config, signatures.read_names(config.signature), key, config.wait_s)
