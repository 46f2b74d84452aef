"""The topics of Kafka triggers: which brokers are asked, and that nobody reads the engine's own topics so."""

from __future__ import annotations

from typing import Any

from contracts.ports.user_topic import TopicAway, UserTopic
from infra.server.kafka import user_topic
from infra.settings.model import EngineSettings
from refold.kafka.address import KafkaAddress, check_installed, parse_address
from workers.running.activity_error import ActivityError
from workers.running.egress.addresses import allowed_addresses, is_any, is_public, resolve


class UserTopics:
    """Opens them. Brokers that a trigger names itself are told no name and password, and are where activities may connect to."""

    def __init__(self, settings: EngineSettings) -> None:
        self._log, self._brokers = settings.log, settings.trigger_brokers
        self._is_allowed = is_any if settings.allow_private_addresses else is_public

    def __call__(self, config: Any, group: str, since: int) -> UserTopic:
        """The topic of a trigger's config. Raises TopicAway where it cannot be read as the settings are."""
        try:
            check_installed()
            address = self._address(config)
        except ValueError as error:
            raise TopicAway(str(error)) from None
        return user_topic(address, config.topic, group, None if config.start == "earliest" else since)

    def _address(self, config: Any) -> KafkaAddress:
        own = parse_address(self._log) if self._log is not None and self._log.startswith("kafka:") else None
        if own is not None and (config.topic.startswith(f"{own.prefix}.") or (config.group or "").startswith(f"{own.prefix}.")):
            raise ValueError(f"topic {config.topic}: topics and groups that begin with {own.prefix}. are the engine's own")
        if config.servers is not None:
            for server in config.servers:
                self._check(server)
            return KafkaAddress(servers=tuple(config.servers))
        named = self._brokers if self._brokers is not None else self._log
        if named is None:
            raise ValueError("no brokers are named: set `trigger_brokers`, or write `servers` in the trigger")
        return parse_address(named)

    def _check(self, server: str) -> None:
        host, _, port = server.rpartition(":")
        try:
            allowed_addresses(host.strip("[]"), int(port), resolve, self._is_allowed)
        except (ActivityError, OSError) as error:
            raise ValueError(f"the broker {server} is not reached: {error}") from None
