"""What an assistant is shown of an answer: as much as it can read, with a word at each place where something is left out.

Whoever wants the rest asks again with `part`, a JSON pointer into the answer, and with `start`, from where on in a list or a text.
"""

from __future__ import annotations

from typing import Any, Final

from contracts.errors import InvalidInput, Problem
from contracts.values import encode

SHOWN_BYTES_MAX: Final = 24_000
"""So long an answer is at most, as JSON: some 8,000 tokens."""
_MARK_BYTES: Final = 120
"""So long is what stands for something that is left out."""
PARTS: Final[dict[str, dict[str, Any]]] = {
    "part": {"type": "string", "description": "only this part of the answer: a JSON pointer, as `/nodes/3/output`"},
    "start": {"type": "integer", "minimum": 0, "description": "with `part`, of a list or a text: from this item or character on"},
}
"""The arguments that every tool has beside its own."""


def shown(answer: Any, part: str = "", start: int = 0) -> str:
    """The answer, or a part of it, in at most SHOWN_BYTES_MAX bytes: JSON, or a text. Raises InvalidInput for a part that is none."""
    found = part_of(answer, part)
    if isinstance(found, list | str):
        if start > len(found):
            raise InvalidInput([Problem("/start", "out_of_range", f"`{part or 'the answer'}` has {len(found):,} items or characters")])
        found = found[start:]
    elif start:
        raise InvalidInput([Problem("/start", "out_of_range", f"`{part or 'the answer'}` is no list and no text: leave out `start`")])
    cut = _cut(found, part, start, SHOWN_BYTES_MAX)
    return cut if isinstance(cut, str) else encode(cut).decode()


def part_of(answer: Any, pointer: str) -> Any:
    """What stands there. Raises InvalidInput, which says what there is instead."""
    found, way = answer, ""
    if pointer and not pointer.startswith("/"):
        raise InvalidInput([Problem("/part", "pointer", f"expected a JSON pointer that begins with `/`, found {pointer[:100]!r}")])
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and len(name) < 10 and int(name) < len(found):
            found = found[int(name)]
        else:
            there = (
                ", ".join(list(found)[:30]) if isinstance(found, dict) else f"{len(found)} items" if isinstance(found, list) else "no parts"
            )
            raise InvalidInput([Problem("/part", "pointer", f"`{way or '/'}` has no `{name[:100]}`; it has: {there}")])
        way = f"{way}/{step}"
    return found


def _cut(value: Any, at: str, start: int, room: int) -> Any:
    """The value, in so many bytes; what is left out is named where it would stand."""
    if (size := len(encode(value))) <= room:
        return value
    match value:
        case str():
            kept = value.encode()[: max(room - _MARK_BYTES, 0)].decode(errors="ignore")
            while kept and len(encode(kept)) > room - _MARK_BYTES:  # characters that JSON writes longer
                kept = kept[: len(kept) // 2]
            left, whole = len(value) - len(kept), start + len(value)
            return f"{kept}… {left:,} of {whole:,} characters are left out: part={at or '/'} start={start + len(kept)}"
        case list():
            return _cut_list(value, at, start, room)
        case dict():
            return _cut_map(value, at, room)
    return f"… {size:,} bytes are left out: part={at}"


def _cut_list(items: list[Any], at: str, start: int, room: int) -> list[Any]:
    kept, left = list[Any](), room - _MARK_BYTES
    for index, item in enumerate(items):
        size = len(encode(item)) + 1
        if size > left:
            if not kept and left > _MARK_BYTES:
                kept.append(_cut(item, f"{at}/{start + index}", 0, left))
            break
        kept.append(item)
        left -= size
    if len(kept) < len(items):
        rest = len(items) - len(kept)
        kept.append(f"… {rest:,} of {start + len(items):,} items are left out: part={at or '/'} start={start + len(kept)}")
    return kept


def _cut_map(found: dict[str, Any], at: str, room: int) -> dict[str, Any]:
    """Each field gets an equal share of what is left, small ones first, so that one large value does not hide all others."""
    sizes = {name: len(encode(value)) for name, value in found.items()}
    cut, left, names = dict[str, Any](), room - 2, sorted(found, key=lambda name: sizes[name])
    for number, name in enumerate(names):
        head = len(encode(name)) + 2
        share = left // (len(names) - number) - head
        if share < _MARK_BYTES and sizes[name] > share:
            cut["…"] = f"{len(names) - number:,} of {len(names):,} fields are left out: part={at or '/'} and a name"
            break
        place = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        cut[name] = _cut(found[name], place, 0, share)
        left -= len(encode(cut[name])) + head
    return {name: cut[name] for name in (*found, "…") if name in cut}
