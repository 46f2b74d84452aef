"""Estimates: what a request has used where no provider has counted it. Free of the providers' libraries, as the engine needs it too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from contracts.messages import Message, encode_message
from contracts.usage import COUNT_MAX, ModelCall
from workers.running.ai.wire import Answer, Ask, Fault, Usage

CHARACTERS_PER_TOKEN: Final = 4
"""By which what no provider has counted is estimated."""


def estimated(messages: Sequence[Message], said: str) -> Usage:
    """What a request has used, as nobody has counted it."""
    asked = sum(len(encode_message(one)) for one in messages)
    return Usage(
        input_tokens=-(-asked // CHARACTERS_PER_TOKEN),
        output_tokens=-(-len(said.encode(errors="replace")) // CHARACTERS_PER_TOKEN),
        measured=False,
    )


def call_of(ask: Ask, said: Answer | Fault, is_repair: bool) -> ModelCall:
    """What is recorded of a request."""
    usage = said.usage or Usage()
    call = ModelCall(
        f"{ask.provider}:{ask.model}",
        _counted(usage.input_tokens),
        _counted(usage.output_tokens),
        _counted(usage.cached_tokens),
        _counted(usage.cache_written_tokens),
        _counted(usage.reasoning_tokens),
        usage.measured,
        is_repair=is_repair,
    )
    if isinstance(said, Fault):
        return replace(call, error=said.type)
    return replace(call, took_ms=said.took_ms, first_token_ms=said.first_token_ms)


def _counted(number: int) -> int:
    """What a provider says, as far as anybody can count: no provider's word makes a record unreadable."""
    return min(max(number, 0), COUNT_MAX)
