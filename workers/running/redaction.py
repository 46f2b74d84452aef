"""Redaction: what an operator wants recorded nowhere is made unreadable in what activities give back and say, wherever they run.

A rule is a regular expression of RE2, which takes time in proportion to the text, or `field:NAME`, which hides whatever stands under that
name in an object, however deep.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Raw
from re2 import _re2

from contracts.errors import InvalidInput
from contracts.failure import Failure
from contracts.json_texts import with_texts
from contracts.sealed_value import HIDDEN
from contracts.values import written
from domain.expressions.faults import Fault
from domain.expressions.patterns import pattern

if TYPE_CHECKING:
    from contracts.worker_protocol import Result

RULES_MAX: Final = 100
WORK_MAX: Final = 64 * 1024 * 1024
WORK_PER_BYTE: Final = 8
"""To find a rule again and again may take time by the square of a text's length; beyond so much work the whole text is hidden."""
FIELD: Final = "field:"
_HIDDEN_JSON: Final = msgspec.json.encode(HIDDEN)
_fields: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_items: Final = msgspec.json.Decoder(list[Raw]).decode


def rule_problem(rule: str) -> str | None:
    """What is wrong with a rule; None where nothing is."""
    if rule.startswith(FIELD):
        return None if rule.removeprefix(FIELD) else "`field:` wants the name of a field"
    try:
        compiled = pattern(rule)
    except Fault as fault:
        return f"{rule[:100]!r} is no regular expression of RE2: {fault}"
    begin, end = compiled.Match(_re2.RE2.Anchor.UNANCHORED, b"", 0, 0)[0]
    return f"{rule[:100]!r} is found in the empty text, and so everywhere" if begin == end >= 0 else None


R = TypeVar("R", bound="Result")


class _Work:
    """What is left of the work that one text, or all texts of one value, may take: so many bytes looked at."""

    def __init__(self, size: int) -> None:
        self.left = WORK_MAX + WORK_PER_BYTE * size


class Redaction:
    """Some rules at work; without any it changes nothing. Raises ValueError for one that cannot be used."""

    def __init__(self, rules: Sequence[str] = ()) -> None:
        for rule in rules:
            if (problem := rule_problem(rule)) is not None:
                raise ValueError(problem)
        self._names = frozenset(rule.removeprefix(FIELD) for rule in rules if rule.startswith(FIELD))
        self._patterns = [pattern(rule) for rule in rules if not rule.startswith(FIELD)]

    def __bool__(self) -> bool:
        return bool(self._names or self._patterns)

    def text(self, text: str) -> str:
        """A text without what the expressions find in it."""
        return self._text(text, _Work(len(text))) if self._patterns else text

    def _text(self, text: str, work: _Work) -> str:
        for one in self._patterns:
            text = _without(one, text, work)
        return text

    def json(self, content: bytes) -> bytes:
        """JSON without what the rules find: in texts and names of fields, and under names. What nobody can read is hidden as a whole."""
        try:
            content = self._under_names(content) if self._names else content
            work = _Work(len(content))
            return with_texts(content, lambda text: self._text(text, work), _HIDDEN_JSON) if self._patterns else content
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _HIDDEN_JSON

    def value(self, value: Any) -> Any:
        """A parsed value without it."""
        return msgspec.json.decode(self.json(written(value))) if self else value

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a line of the log without it."""
        return {name: HIDDEN if name in self._names else self._field(value) for name, value in fields.items()}

    def _field(self, value: Any) -> Any:
        try:
            return self.value(value)
        except InvalidInput:  # in what is no JSON no names are found: what has parts is hidden as a whole
            return HIDDEN if self._names and not isinstance(value, float) else self._shown(value)

    def _shown(self, value: Any) -> str:
        try:
            return self.text(str(value))
        except RecursionError:
            return HIDDEN

    def failure(self, failure: Failure) -> Failure:
        """A failure without it."""
        if not self:
            return failure
        return msgspec.structs.replace(failure, message=self.text(failure.message), details=self._details(failure.details))

    def _details(self, details: Any) -> Any:
        """Of what is too deep or too large the beginning is kept as a text, which is hidden as a whole where a name stands in it."""
        if isinstance(details, bytes):
            return self.json(details)
        is_shown = isinstance(details, str) and "{" in details
        if is_shown and any(form in details for name in self._names for form in (name, msgspec.json.encode(name).decode()[1:-1])):
            return HIDDEN
        return self._field(details)

    def result(self, result: R) -> R:
        """What a worker elsewhere reports, without it."""
        if not self:
            return result
        changed: dict[str, Any] = {}
        for name in ("output", "detail"):
            if (value := getattr(result, name)) is not UNSET:
                changed[name] = Raw(self.json(bytes(value)))
        if result.step is not UNSET:
            changed["step"] = msgspec.structs.replace(result.step, output=Raw(self.json(bytes(result.step.output))))
        if result.error is not UNSET:
            details = self._details(result.error.details)
            changed["error"] = msgspec.structs.replace(result.error, message=self.text(result.error.message), details=details)
        if result.log is not UNSET:
            changed["log"] = [
                msgspec.structs.replace(
                    line, message=self.text(line.message), fields=UNSET if line.fields is UNSET else Raw(self.json(bytes(line.fields)))
                )
                for line in result.log
            ]
        return msgspec.structs.replace(result, **changed)

    def _under_names(self, content: bytes) -> bytes:
        """Only what has one of the names in it is looked at further."""
        first = content.lstrip()[:1]
        if first not in (b"{", b"[") or not any(msgspec.json.encode(name)[1:-1] in content or b"\\" in content for name in self._names):
            return content
        if first == b"[":
            return msgspec.json.encode([Raw(self._under_names(bytes(one))) for one in _items(content)])
        return msgspec.json.encode(
            {name: Raw(_HIDDEN_JSON if name in self._names else self._under_names(bytes(one))) for name, one in _fields(content).items()}
        )


def _without(compiled: Any, text: str, work: _Work) -> str:
    """The text with `•••` for each finding; where it would take too much work, or is half a pair of surrogates, for all of it."""
    content, at, kept = text.encode("utf-8", "replace"), 0, list[bytes]()
    while at < len(content):
        work.left -= len(content) - at
        begin, end = compiled.Match(_re2.RE2.Anchor.UNANCHORED, content, at, len(content))[0]
        if begin < 0:
            break
        if work.left < 0:
            return HIDDEN
        if begin == end:
            kept.append(content[at : end + 1])
            at = end + 1
            continue
        kept += [content[at:begin], HIDDEN.encode()]
        at = end
    return (b"".join(kept) + content[at:]).decode("utf-8", "replace") if kept else text


NO_REDACTION: Final = Redaction()
