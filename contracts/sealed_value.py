"""Sealed values: what stands, wherever a value goes, in the place of a text that its schema marks as secret.

It is a text itself, of signs that neither JSON nor a URL writes otherwise: expressions copy it and put it into other texts, and only
a worker of the engine opens it. Whoever is shown one is shown `•••`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from contracts.json_texts import with_texts

HIDDEN: Final = "•••"
"""What stands wherever a secret would."""
MARK: Final = "~refold-sealed.1."
"""So one begins; it ends with a tilde."""
SEALED: Final = re.compile(rf"{re.escape(MARK)}([A-Za-z0-9_-]+)~")
SEALED_BYTES: Final = re.compile(rf"{re.escape(MARK)}[A-Za-z0-9_-]+~".encode())
SEALED_PATTERN: Final = rf"^{MARK.replace('.', '[.]')}[A-Za-z0-9_-]+~$"
"""The same as JSON Schema has it."""
SECRET_BYTES_MAX: Final = 64 * 1024
"""So long a secret text may be."""
SECRETS_MAX: Final = 1_000
"""So many secret texts may stand in one value."""
LENGTH_MIN: Final = 4
"""A shorter text is sealed where it stands by itself, and is not looked for inside of others."""
_MARK: Final = MARK.encode()
_SHOWN: Final = re.compile(rf"{re.escape(MARK)}[A-Za-z0-9_-]*~?".encode())
_HIDDEN: Final = HIDDEN.encode()


def has_sealed(content: bytes) -> bool:
    """Whether any stands in it."""
    return _MARK in content


def hide(content: bytes) -> bytes:
    """The content as it is shown: none that is sealed can be seen, nor the beginning of one that was cut off."""
    return _SHOWN.sub(_HIDDEN, content) if _MARK in content else content


def hide_text(text: str) -> str:
    """The same for a text."""
    return hide(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass") if MARK in text else text


def without(content: bytes, secrets: Iterable[str], seal: Callable[[str], str]) -> bytes:
    """The JSON with these texts sealed wherever they stand, also inside of others."""
    alone = dict.fromkeys(secrets)
    if not alone:
        return content
    longest_first = sorted((one for one in alone if len(one) >= LENGTH_MIN), key=len, reverse=True)
    inside = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def look(text: str) -> str:
        if text in alone:
            return seal(text)
        return text if inside is None else inside.sub(lambda one: seal(one.group()), text)

    return with_texts(content, look)
