"""Authorization: the headers by which a request shows a credential, and that they go to nobody else than they were meant for."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from typing import Final

import httpx2

from contracts.ports.credentials import Secret
from workers.running.activity_error import ActivityError

KINDS: Final = ("basic", "bearer", "header", "oauth2")


def authorization(name: str, secret: Secret) -> dict[str, str]:
    """The headers, in small letters. Raises ActivityError for a kind that is no header of a request."""
    values = secret.values
    match secret.kind:
        case "basic":
            content = base64.b64encode(f"{values['username']}:{values['password']}".encode()).decode()
            return {"authorization": f"Basic {content}"}
        case "bearer" | "oauth2":
            return {"authorization": f"Bearer {_ascii(name, values['token'])}"}
        case "header":
            return {_ascii(name, values["name"]).lower(): _ascii(name, values["value"])}
    message = f"config.credential: expected a credential of kind {', '.join(KINDS)}; {name} is of kind {secret.kind}"
    raise ActivityError("input.invalid", message, retryable=False)


def keeping(names: Collection[str], origin: httpx2.URL) -> Callable[[httpx2.Request], None]:
    """What takes these headers out of each request that a redirect sends to another scheme, host or port."""

    def take_out(request: httpx2.Request) -> None:
        if _place(request.url) != _place(origin):
            for name in names:
                request.headers.pop(name, None)

    return take_out


def _place(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _ascii(name: str, text: str) -> str:
    if not text.isascii():
        raise ActivityError("input.invalid", f"config.credential: what {name} puts into a header is to be ASCII", retryable=False)
    return text
