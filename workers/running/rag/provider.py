"""Asking whoever speaks a provider's protocol: one request is one request, nothing is asked again here; the engine's retries do that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import httpx2
import msgspec

from workers.running.activity_error import ActivityError
from workers.running.ai.places import key_of, url_of
from workers.running.ai.transport import SENT, Sent, client
from workers.running.rag.work import Task

SAID_MAX: Final = 500
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_TRY_AGAIN: Final = frozenset({408, 409, 425, 429})


class Provider:
    """One model, as a node names it: `{model, base_url, key, credential, checks_address, headers, timeout_s}`.

    `calls` is what was asked of it: it goes with each failure, too.
    """

    def __init__(self, task: Task, given: Mapping[str, Any]) -> None:
        self._task, self._given = task, given
        self.model: str = given["model"]
        self.calls: list[dict[str, Any]] = []

    def post(self, paths: Mapping[str, str], path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that is answered. `paths`: where each provider has it; `path`: where it is below a `base_url`.

        Raises ActivityError `ai.auth`, `ai.rate_limit`, `ai.incomplete`, `http.…`, `input.invalid`; Stopped.
        """
        call: dict[str, Any] = {"model": self.model}
        self.calls.append(call)
        began = time.monotonic()
        try:
            said = self._task.ask(self._post(paths, path, body))
            call["tokens"] = _tokens(said)
            return said
        except ActivityError as error:
            call["error"] = error.error_type
            details = {"calls": self.calls}
            again, after = error.retryable, error.retry_after_s
            raise ActivityError(error.error_type, str(error), details=details, retryable=again, retry_after_s=after) from None
        finally:
            call["took_ms"] = round((time.monotonic() - began) * 1_000)

    async def _post(self, paths: Mapping[str, str], path: str, body: Mapping[str, Any]) -> Any:
        given = self._given
        provider, _, model = self.model.partition(":")
        base_url = given.get("base_url")
        if not base_url and provider not in paths:
            raise ActivityError("input.invalid", f"{self.model}: {provider} has no {path}; name a `base_url` that has", retryable=False)
        url = (url_of(provider, base_url) or "").rstrip("/") + (path if base_url else paths[provider])
        key = given.get("key") or key_of(provider, base_url)
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json", **given.get("headers", {})}
        sent = Sent((), {}, False)
        SENT.set(sent)
        try:
            async with (
                client(bool(base_url) and given["checks_address"]) as connections,
                connections.stream(
                    "POST", url, content=msgspec.json.encode({"model": model, **body}), headers=headers, timeout=given["timeout_s"]
                ) as answer,
            ):
                return self._judged(answer, await _content(answer))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            if sent.refusal is not None:
                raise sent.refusal from None
            kind = "timeout" if isinstance(error, httpx2.TimeoutException) else "connect"
            raise ActivityError(f"http.{kind}", f"{self.model}: {error or type(error).__name__}") from None

    def _judged(self, answer: httpx2.Response, content: bytes) -> Any:
        status, who = answer.status_code, self.model
        if status in (401, 403):
            credential = self._given.get("credential")
            key = f"of the credential `{credential}`" if credential else "that the environment of the worker has for it"
            raise ActivityError("ai.auth", f"{who} refuses the key {key}", retryable=False)
        if status >= 300:
            type_ = "ai.rate_limit" if status == 429 else f"http.{status}"
            said = f"{who} answered {status}: {content[:SAID_MAX].decode(errors='replace')}"
            raise ActivityError(type_, said, retryable=status >= 500 or status in _TRY_AGAIN, retry_after_s=_after(answer))
        try:
            return msgspec.json.decode(content)
        except msgspec.DecodeError as error:
            raise ActivityError("ai.incomplete", f"{who} gave no JSON: {error}") from None


async def _content(answer: httpx2.Response) -> bytes:
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > ANSWER_BYTES_MAX:
            raise ActivityError("http.too_large", f"more than {ANSWER_BYTES_MAX:,} bytes were answered", retryable=False)
    return bytes(content)


def _tokens(said: Any) -> int | None:
    usage = said.get("usage") if isinstance(said, dict) else None
    found = usage.get("prompt_tokens", usage.get("total_tokens")) if isinstance(usage, dict) else None
    return found if isinstance(found, int) and found >= 0 else None


def _after(answer: httpx2.Response) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
