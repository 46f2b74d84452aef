"""YAML as a document: PyYAML's events, built into values here.

Building from events rather than with PyYAML's constructors keeps all of it in one loop without recursion: limits hold
while values come, no tag makes an object, and every fault has its line and column.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.value_check import DIGITS_MAX
from domain.definition.text import DEPTH_MAX, VALUES_MAX, TextFault, doubled, not_finite, too_deep, too_long

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBER_STARTS: Final = frozenset("-+.0123456789")
_COLLECTIONS: Final = {"Mapping": "map", "Sequence": "seq"}


class _Missing:
    """No key is waiting for its value."""


@dataclass(slots=True)
class _Open:
    """A list or object that is being filled, and what it has taken so far with all that is in it."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    key: Any = _Missing
    size: int = 1
    count: int = 1
    height: int = 1


@dataclass(slots=True)
class _Anchored:
    """What an alias stands for: the value, how many characters and values it is, how deep it goes."""

    value: Any
    size: int
    count: int
    height: int


@dataclass(slots=True)
class _Building:
    """A document as far as its events have come."""

    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)
    root: Any = None
    documents: int = 0


def parse_yaml(text: str) -> Any:
    """The value of the one document in the text. Raises TextFault with line and column."""
    building = _Building()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            _take(building, event)
    except yaml.MarkedYAMLError as error:
        raise _syntax_fault(error) from None
    except yaml.YAMLError as error:
        raise _character_fault(text, error) from None
    except RecursionError:
        raise too_deep() from None
    if not building.documents:
        raise TextFault("empty", "the document is empty", "begin with `name: my_workflow` and `nodes:`")
    return building.root


def _character_fault(text: str, error: yaml.YAMLError) -> TextFault:
    """A character that YAML does not have; its position is counted in bytes."""
    before = text.encode()[: getattr(error, "position", 0)].decode(errors="ignore")
    position = before.count("\n") + 1, len(before) - before.rfind("\n")
    return TextFault("syntax", f"not YAML: {str(error).splitlines()[0][:200]}", "remove the character", *position)


def _syntax_fault(error: yaml.MarkedYAMLError) -> TextFault:
    mark = error.problem_mark or error.context_mark
    position = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    fix = "check indentation, quotes and `:` there; quote a text that holds `: `, `{`, `#` or `@`"
    return TextFault("syntax", f"not YAML: {said}", fix, *position)


def _take(building: _Building, event: Any) -> None:
    name = type(event).__name__
    if name == "ScalarEvent":
        value = _scalar(event)
        _put(building, event, _Anchored(value, len(event.value) + 1, 1, 0))
    elif name in ("MappingStartEvent", "SequenceStartEvent"):
        _begin(building, event, name.removesuffix("StartEvent"))
    elif name in ("MappingEndEvent", "SequenceEndEvent"):
        ended = building.open.pop()
        _put(building, event, _Anchored(ended.value, ended.size, ended.count, ended.height), ended.anchor)
    elif name == "AliasEvent":
        _put(building, event, _aliased(building, event))
    elif name == "DocumentStartEvent":
        building.documents += 1
        if building.documents > 1:
            _fault(event, "syntax", "a second document begins", "one file holds one workflow: remove the `---`")


def _begin(building: _Building, event: Any, kind: str) -> None:
    if event.tag not in (None, "!", _TAG + _COLLECTIONS[kind]):
        _refuse_tag(event)
    if len(building.open) >= DEPTH_MAX:
        raise too_deep(*_place(event))
    if building.open and isinstance(building.open[-1].value, dict) and building.open[-1].key is _Missing:
        _fault(event, "syntax", "a key is a text, found a list or an object", 'quote it; a template is written `"{{ … }}"`')
    if event.anchor is not None:
        building.anchors[event.anchor] = None
    building.open.append(_Open({} if kind == "Mapping" else [], event.anchor))


def _put(building: _Building, event: Any, found: _Anchored, anchor: str | None = None) -> None:
    """A value is whole: it goes into the list or object around it, as a key or as a value."""
    anchor = anchor or (event.anchor if isinstance(event, yaml.ScalarEvent) else None)
    if anchor is not None:
        building.anchors[anchor] = found
    if not building.open:
        building.root = found.value
        return
    around = building.open[-1]
    _count(building, around, found, event)
    if isinstance(around.value, list):
        around.value.append(found.value)
    elif around.key is _Missing:
        around.key = _key(event, found.value, around.value)
    else:
        around.value[around.key] = found.value
        around.key = _Missing


def _count(building: _Building, around: _Open, found: _Anchored, event: Any) -> None:
    around.size += found.size
    around.count += found.count
    around.height = max(around.height, found.height + 1)
    if len(building.open) + found.height > DEPTH_MAX:
        raise too_deep(*_place(event))
    if around.size > DEFINITION_BYTES_MAX:
        limit = f"the most is {DEFINITION_BYTES_MAX:,} (DEFINITION_BYTES_MAX)"
        raise TextFault(
            "too_large", f"written out, its aliases make more characters than allowed: {limit}", "use fewer aliases", *_place(event)
        )
    if around.count > VALUES_MAX:
        raise TextFault("too_large", f"more than {VALUES_MAX:,} values (VALUES_MAX)", "split it into several workflows", *_place(event))


def _key(event: Any, key: Any, around: dict[str, Any]) -> str:
    if not isinstance(key, str):
        shown = event.value if isinstance(event, yaml.ScalarEvent) else str(key)[:40]
        _fault(event, "syntax", f"a key is a text, found `{shown}`", f'write it in quotes: "{shown}"')
    if key == "<<" and getattr(event, "style", None) in (None, ""):
        _fault(event, "syntax", "`<<` (a merge key) is not part of YAML 1.2", "write the fields out, or use an alias for a whole value")
    if key in around:
        raise doubled(key, *_place(event))
    return key


def _aliased(building: _Building, event: Any) -> _Anchored:
    found = building.anchors.get(event.anchor)
    if found is None:
        said = "stands inside itself" if event.anchor in building.anchors else "is not known here"
        _fault(event, "syntax", f"the alias `*{event.anchor}` {said}", f"write `&{event.anchor}` before the value it stands for")
    return found


def _scalar(event: Any) -> Any:
    """The value of a scalar by the core schema; a quoted one, or one tagged `!!str`, is a text."""
    tag, text = event.tag, event.value
    if tag is None or tag == "!":
        return _plain(event, text) if event.implicit[0] and tag is None else text
    kind = tag.removeprefix(_TAG)
    if tag == kind or kind not in ("str", "int", "float", "bool", "null"):
        _refuse_tag(event)
    if kind == "str":
        return text
    value = _plain(event, text)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if {"int": int, "float": float, "bool": bool, "null": type(None)}[kind] is not type(value):
        _fault(event, "syntax", f"`{text[:40]}` is no {kind}", f"remove the tag `!!{kind}`")
    return value


def _plain(event: Any, text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INT.fullmatch(text):
        return _whole(event, text)
    if _FLOAT.fullmatch(text):
        return _double(event, text)
    if _NOT_FINITE.fullmatch(text):
        raise not_finite(text, *_place(event))
    return text


def _whole(event: Any, text: str) -> int:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    if len(text) > DIGITS_MAX:
        raise too_long(text, *_place(event))
    return int(text[2:] if base != 10 else text, base)


def _double(event: Any, text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise not_finite(text, *_place(event))
    return value


def _refuse_tag(event: Any) -> NoReturn:
    _fault(event, "syntax", f"the tag `{event.tag.replace(_TAG, '!!')[:80]}` is not known", "remove it: values are plain JSON values")


def _fault(event: Any, rule: str, said: str, fix: str) -> NoReturn:
    raise TextFault(rule, said, fix, *_place(event))


def _place(event: Any) -> tuple[int, int]:
    """The line and column where an event begins, from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1
