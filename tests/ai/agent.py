"""An agent of pydantic-ai as an activity, for workers in processes of their own: its second tool dies with its process, once."""

from __future__ import annotations

import os
import signal
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

import refold
from refold.ai import RefoldDurability


def note(file: str, what: str) -> None:
    place = os.open(file, os.O_WRONLY | os.O_APPEND)
    os.write(place, f"{what}\n".encode())
    os.close(place)


@refold.activity
async def support(given: dict[str, Any]) -> dict[str, Any]:
    """Answer by two tools."""
    model = OpenAIChatModel("small", provider=OpenAIProvider(base_url=given["url"], api_key="none"))
    agent: Agent[None, str] = Agent(model, name="support", capabilities=[RefoldDurability()])

    @agent.tool_plain
    def first() -> str:
        note(given["file"], "first")
        return "one"

    @agent.tool_plain
    def second() -> str:
        note(given["file"], "second")
        if given.get("dies") and not os.path.exists(given["dies"]):
            open(given["dies"], "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return "two"

    result = await agent.run(given["prompt"])
    return {"text": result.output, "requests": result.usage.requests}
