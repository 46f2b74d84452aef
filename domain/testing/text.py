"""Text: a value as YAML that reads back as the same value, short ones on one line, and with no names in it to be filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

WIDTH: Final = 130
_PLAIN: Final = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./@~ -]*[A-Za-z0-9_./@~-])?")
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[dhms]))+")
_WORDS: Final = frozenset("null true false yes no on off y n".split())  # noqa: SIM905
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./~-]*")
_ODD: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def yaml_text(value: Any) -> str:
    """A document."""
    return "\n".join(_block(value, 0)) + "\n"


def _block(value: Any, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _entry(f"{pad}{_key(name)}:", item, depth)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(pad, item, depth)
    else:
        yield pad + flow(value)


def _entry(head: str, item: Any, depth: int) -> Iterator[str]:
    short = flow(item)
    if len(head) + len(short) < WIDTH or not isinstance(item, dict | list) or not item:
        yield f"{head} {short}"
        return
    yield head
    yield from _block(item, depth + 1)


def _item(pad: str, item: Any, depth: int) -> Iterator[str]:
    short = flow(item)
    if len(pad) + len(short) + 2 < WIDTH or not isinstance(item, dict | list) or not item:
        yield f"{pad}- {short}"
        return
    first, *rest = _block(item, depth + 1)
    yield f"{pad}- {first.lstrip(' ')}"
    yield from rest


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _key(name: str) -> str:
    return name if _KEY.fullmatch(name) and name.lower() not in _WORDS else _quoted(name)


def _scalar(text: str) -> str:
    is_plain = _DURATION.fullmatch(text) or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS)
    return text if len(text) < WIDTH and is_plain else _quoted(text)


def _quoted(text: str) -> str:
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def as_written(value: Any) -> Any:
    """The value as it stands in a case: what looks like a name there is none."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, list):
        return [as_written(item) for item in value]
    if isinstance(value, dict):
        return {as_written(name): as_written(item) for name, item in value.items()}
    return value
