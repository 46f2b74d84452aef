"""The client of OpenAI's protocol, which sends messages as they are.

The library goes through the whole request before it sends it, and looks up the declared type of each value, to rename fields and to
encode files: 0.4 ms of CPU a message, 89 ms of CPU for two hundred. The messages come with the names of the wire already, so they are
given as a further part of the body, which the library puts in as it is (`extra_body`).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from openai import AsyncOpenAI
from openai.resources.chat import AsyncChat, AsyncCompletions


class _Completions(AsyncCompletions):
    async def create(self, *, messages: Any, extra_body: Any = None, **given: Any) -> Any:
        """The same, with the messages as they are."""
        return await super().create(messages=(), extra_body={"messages": messages, **(extra_body or {})}, **given)


class _Chat(AsyncChat):
    @cached_property
    def completions(self) -> _Completions:
        """Chat completions."""
        return _Completions(self._client)


class PlainOpenAI(AsyncOpenAI):
    """See the module."""

    @cached_property
    def chat(self) -> _Chat:
        """Chats."""
        return _Chat(self)
