"""Where a provider is asked, and with which key. Free of the providers' libraries."""

from __future__ import annotations

import os
from typing import Final

from workers.running.activity_error import ActivityError
from workers.running.ai.providers import PROVIDERS

NO_KEY: Final = "none"
"""What is shown where nobody asks for a key: the libraries want one."""


def url_of(provider: str, base_url: str | None) -> str | None:
    """Where it is asked: as the node says, as the environment says, or at its own place."""
    if base_url:
        return base_url
    found = PROVIDERS[provider]
    return os.environ.get(found.url_variable) or found.url


def key_of(provider: str, base_url: str | None) -> str:
    """The key in the environment: it is shown to nobody but those whom the environment means. Raises ActivityError `ai.auth`."""
    if base_url is not None:
        return NO_KEY
    known = PROVIDERS[provider]
    found = next(filter(None, (os.environ.get(name) for name in known.key_variables)), None)
    if found is None and known.needs_key and not os.environ.get(known.url_variable):
        variables = " or ".join(known.key_variables)
        message = f"there is no key for {known.name}: name a `credential` in the node, or set {variables} where the worker runs"
        raise ActivityError("ai.auth", message, details={"provider": known.name}, retryable=False)
    return found or NO_KEY
