"""`kafka`: fired by the records of a topic of the users' own."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final, Literal

from pydantic import Field

from contracts.definitions import Expression
from contracts.errors import InvalidInput, Problem
from contracts.ports.user_topic import TopicRecord
from contracts.times import rfc3339
from contracts.triggers import TriggerDefinition
from contracts.values import decode
from domain.triggers.kind import TriggerKind

NAME_PATTERN: Final = r"^[A-Za-z0-9._-]{1,249}$"
SERVERS_MAX: Final = 20
_SERVER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}):([0-9]{1,5})")


class Unfit(ValueError):
    """The value of a record is not what the trigger says that it is."""


class KafkaTrigger(TriggerKind):
    """Reads a topic."""

    name = "kafka"
    summary = "is fired by the records of a topic of your own on Kafka"
    gives = ("body", "key", "headers", "message")

    class Config(TriggerDefinition):
        """Which topic, as which consumer group, from where on, and what its values are."""

        topic: str = Field(pattern=NAME_PATTERN)
        group: str | None = Field(default=None, pattern=NAME_PATTERN, description="without it `refold-` and the name of the trigger")
        servers: list[str] | None = Field(default=None, min_length=1, max_length=SERVERS_MAX, description="HOST:PORT of brokers")
        value: Literal["json", "text", "bytes"] = "json"
        start: Literal["published", "earliest"] = "published"
        key: Expression | None = None

    def problems(self, config: Any) -> Iterator[Problem]:
        """A topic that no broker has, and servers that are none."""
        if config.topic in (".", ".."):
            yield Problem("topic", "pattern", f"`topic`: no topic is called `{config.topic}`", "write the name of a topic")
        for index, server in enumerate(config.servers or ()):
            found = _SERVER.fullmatch(server)
            if found is None or not 0 < int(found[2]) < 65_536:
                message = f"`servers`: expected HOST:PORT, found `{server[:100]}`"
                yield Problem(f"servers[{index}]", "pattern", message, "write `broker:9092`, for example")

    def expressions(self, config: Any) -> Iterator[tuple[str, str]]:
        """What makes two records the same."""
        if config.key is not None:
            yield "key", config.key


def given_by(record: TopicRecord, value: str) -> dict[str, Any]:
    """What a record gives to `trigger`. Raises Unfit for a value that is not what `value` says."""
    at = None if record.at < 0 else rfc3339(record.at)
    message = {"topic": record.topic, "partition": record.partition, "offset": record.offset, "at": at}
    headers = {name: _text_of(content) for name, content in record.headers if content is not None}
    return {"body": _body(record.value, value), "key": _text_of(record.key), "headers": headers, "message": message}


def record_cause(record: TopicRecord) -> str:
    """Why a record fires: where it stands."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def _body(content: bytes | None, value: str) -> Any:
    """The value of a record; a tombstone has none."""
    if content is None:
        return None
    if value == "bytes":
        return {"base64": base64.b64encode(content).decode()}
    try:
        return content.decode() if value == "text" else decode(content)
    except UnicodeDecodeError as error:
        raise Unfit(f"its value of {len(content):,} bytes is not UTF-8: {error.reason} at byte {error.start}") from None
    except (InvalidInput, RecursionError) as error:
        raise Unfit(f"its value of {len(content):,} bytes is not JSON: {error}"[:400]) from None


def _text_of(content: bytes | None) -> Any:
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
