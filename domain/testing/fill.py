"""Filling in: `${name}` in a case stands for a fixture, or for a value of `each`.

"${order}"          the value itself            "${order.lines[0]}"     a part of it
"order ${id}"       a text with it in it        "$${id}"                the text `${id}`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from contracts.errors import InvalidInput
from contracts.values import VALUE_BYTES_MAX_DEFAULT, encode
from domain.definition.findings import Findings, joined, listed, nearest, shown

FILLED_BYTES_MAX: Final = VALUE_BYTES_MAX_DEFAULT
"""So long may be what is filled into one case, all of it together."""
_NAME: Final = re.compile(r"(\$?)\$\{([^{}]*)\}")
_PART: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_WHOLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\.[^.\[\]]+|\[\d+\])*)")
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What a fixture, or a value of `each`, may be called."""


class Filling:
    """Fills the values of one case in, and notes what is wrong. `names` are fixtures, and the values of `each` before them."""

    def __init__(self, names: Mapping[str, Any], findings: Findings) -> None:
        self._names, self._findings = names, findings
        self._bytes = 0

    def fill(self, value: Any, path: str) -> Any:
        """The value with all names in it filled in."""
        if isinstance(value, str):
            return self._text(value, path) if "${" in value else value
        if isinstance(value, list):
            return [self.fill(item, joined(path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {self._key(key, path): self.fill(item, joined(path, key)) for key, item in value.items()}
        return value

    def _key(self, key: str, path: str) -> str:
        if "${" not in key:
            return key
        found = self._text(key, joined(path, key))
        return found if isinstance(found, str) else encode(found).decode()

    def _text(self, text: str, path: str) -> Any:
        whole = _NAME.fullmatch(text)
        if whole is not None and not whole[1]:
            return self._value(whole[2], path)
        return _NAME.sub(lambda found: self._inside(found, path), text)

    def _inside(self, found: re.Match[str], path: str) -> str:
        if found[1]:
            return found[0][1:]
        value = self._value(found[2], path)
        return value if isinstance(value, str) else encode(value).decode()

    def _value(self, name: str, path: str) -> Any:
        found = _WHOLE.fullmatch(name.strip())
        if found is None:
            said = f"`${{{name[:60]}}}` is no name"
            self._findings.add(path, "unknown_name", said, "write `${name}` or `${name.field}`; `$${…}` is the text itself")
            return None
        if found[1] not in self._names:
            near = nearest(found[1], self._names)
            known = f"known are {listed(self._names)}" if self._names else "add it to `fixtures`, or to `each`"
            fix = f"did you mean `{near}`?" if near else f"{known}; `$${{…}}` is the text itself"
            self._findings.add(path, "unknown_name", f"there is no fixture or parameter `{found[1][:60]}`", fix)
            return None
        value = self._names[found[1]]
        for part in _PART.finditer(found[2]):
            value, is_there = _step(value, part)
            if not is_there:
                said = f"`{name.strip()[:100]}`: {found[1]} has no `{part[0]}`"
                self._findings.add(path, "unknown_name", said, f"there it is {shown(value)}")
                return None
        return value if self._has_room(value, path) else None

    def _has_room(self, value: Any, path: str) -> bool:
        try:
            self._bytes += len(encode(value))
        except (InvalidInput, RecursionError):
            self._bytes = FILLED_BYTES_MAX + 1
        if self._bytes > FILLED_BYTES_MAX:
            said = f"what is filled in is longer than {FILLED_BYTES_MAX:,} bytes, all of it together"
            self._findings.add(path, "too_large", said, "use smaller fixtures")
            return False
        return True


def _step(value: Any, part: re.Match[str]) -> tuple[Any, bool]:
    """The part of a value, or the value itself where it has none."""
    name, index = part[1], part[2]
    if isinstance(value, dict) and name in value:
        return value[name], True
    if isinstance(value, list) and index is not None and int(index) < len(value):
        return value[int(index)], True
    return value, False
