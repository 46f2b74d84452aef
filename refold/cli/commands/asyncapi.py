"""`asyncapi`: the document of what other systems hear."""

from __future__ import annotations

from api.version import build_version
from contracts.asyncapi import asyncapi_document
from refold.cli.commands.output import OK, say_json


def asyncapi(prefix: str) -> int:
    """The AsyncAPI document of this build, for a log on Kafka whose topics begin with the prefix."""
    say_json(asyncapi_document(build_version(), prefix))
    return OK
