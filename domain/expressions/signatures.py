"""The table of functions: what each takes, what it gives, what it says.

Evaluator, checker, messages and reference all read this table, so none of them can say otherwise than the others. Kinds are
written as words: `int`, `string|bytes`, `number`, `any`; a `?` behind one says that it may be left out, `…` that it may come
again. A method's first kind is what stands before the dot.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from domain.expressions import conversions, formats, lists, maths, patterns, texts, times
from domain.expressions.values import KINDS, type_of

_KIND_TYPES: Final = {kind: python for python, kind in KINDS.items()}
_GROUPS: Final = {"number": ("int", "uint", "double"), "int": ("int", "uint"), "bits": ("int", "uint")}
"""Words for several kinds. A uint is taken wherever an int is; `bits` is an int or a uint that stays what it is."""
ANY: Final = "any"
ARGUMENTS_MAX: Final = 64


class Signature(NamedTuple):
    """A function or a method: its name, the words for the kinds it takes, the word for what it gives, and what it does.

    There must be `least` arguments and may be `most`, what stands before the dot included; `kinds` has the Python types that
    each may have, None for any, the last one also those behind it.
    """

    name: str
    is_method: bool
    takes: tuple[str, ...]
    gives: str
    do: Callable[..., Any]
    group: str
    says: str
    least: int
    most: int
    kinds: tuple[frozenset[type] | None, ...]

    @property
    def written(self) -> str:
        """How it is called, for people: `string.indexOf(string, int?)`."""
        takes = self.takes[1:] if self.is_method else self.takes
        return f"{self.takes[0]}.{self.name}({', '.join(takes)})" if self.is_method else f"{self.name}({', '.join(takes)})"

    def kinds_of(self, count: int) -> tuple[frozenset[type] | None, ...]:
        """The Python types that each of so many arguments may have."""
        return self.kinds[:count] if count <= len(self.kinds) else self.kinds + self.kinds[-1:] * (count - len(self.kinds))


@cache
def types_of(words: str) -> frozenset[type] | None:
    """The Python types of `string|bytes`; None for any."""
    if words == ANY:
        return None
    return frozenset(_KIND_TYPES[kind] for word in words.split("|") for kind in _GROUPS.get(word, (word,)))


def _function(name: str, takes: str, gives: str, do: Callable[..., Any], group: str, says: str = "") -> Signature:
    return _signature(name, False, tuple(takes.split()), gives, do, group, says)


def _method(name: str, takes: str, gives: str, do: Callable[..., Any], group: str, says: str = "") -> Signature:
    return _signature(name, True, tuple(takes.split()), gives, do, group, says)


def _signature(name: str, is_method: bool, takes: tuple[str, ...], gives: str, do: Callable[..., Any], group: str, says: str) -> Signature:
    least = sum(1 for kind in takes if not kind.endswith(("?", "…")))
    most = ARGUMENTS_MAX if takes and takes[-1].endswith("…") else len(takes)
    kinds = tuple(types_of(kind.rstrip("?…")) for kind in takes)
    return Signature(name, is_method, takes, gives, do, group, says or _said(do), least, most, kinds)


def _said(do: Callable[..., Any]) -> str:
    """What a function says of itself."""
    return (do.__doc__ or "").split("\n")[0].rstrip(".")


def _same(meter: Any, value: Any) -> Any:
    """The value as it is; nothing is known of its kind before"""
    return value


def _conversions() -> Iterator[Signature]:
    group = "conversions"
    yield _function("string", "string|bool|number|bytes|timestamp|duration", "string", conversions.to_string, group)
    yield _function("int", "int|double|string|timestamp", "int", conversions.to_int, group)
    yield _function("uint", "int|double|string", "uint", conversions.to_uint, group)
    yield _function("double", "number|string", "double", conversions.to_double, group)
    yield _function("num", "number|string", "double", conversions.to_double, group)
    yield _function("bool", "bool|string", "bool", conversions.to_bool, group)
    yield _function("bytes", "bytes|string", "bytes", conversions.to_bytes, group)
    yield _function("timestamp", "timestamp|string|int", "timestamp", conversions.to_time, group)
    yield _function("duration", "duration|string", "duration", conversions.to_duration, group)
    yield _function("dyn", ANY, ANY, _same, group)
    yield _function("type", ANY, "type", type_of, group)
    yield _function("base64.encode", "bytes", "string", texts.to_base64, group)
    yield _function("base64.decode", "string", "bytes", texts.from_base64, group)


def _texts() -> Iterator[Signature]:
    group = "texts"
    yield _method("contains", "string string", "bool", texts.contains, group)
    yield _method("startsWith", "string string", "bool", texts.starts_with, group)
    yield _method("endsWith", "string string", "bool", texts.ends_with, group)
    yield _method("matches", "string string", "bool", patterns.matches, group)
    yield _function("matches", "string string", "bool", patterns.matches, group)
    yield _method("indexOf", "string string int?", "int", texts.index_of, group)
    yield _method("lastIndexOf", "string string int?", "int", texts.last_index_of, group)
    yield _method("charAt", "string int", "string", texts.char_at, group)
    yield _method("substring", "string int int?", "string", texts.substring, group)
    yield _method("replace", "string string string int?", "string", texts.replace, group)
    yield _method("split", "string string int?", "list", texts.split, group)
    yield _method("join", "list string?", "string", texts.join, group)
    yield _method("trim", "string", "string", texts.trim, group)
    yield _method("lowerAscii", "string", "string", texts.lower_ascii, group)
    yield _method("upperAscii", "string", "string", texts.upper_ascii, group)
    yield _method("reverse", "string|list", ANY, texts.reverse, group)
    yield _method("format", "string list", "string", formats.formatted, group)
    yield _function("strings.quote", "string", "string", texts.quote, group)


def _numbers() -> Iterator[Signature]:
    group = "numbers"
    of_several = "of several numbers, or of a list of them"
    yield _function("math.greatest", "number|list number…", "number", maths.extreme("greatest"), group, f"The greatest {of_several}")
    yield _function("math.least", "number|list number…", "number", maths.extreme("least"), group, f"The least {of_several}")
    for name, do in (("ceil", maths.ceil), ("floor", maths.floor), ("round", maths.rounded), ("trunc", maths.trunc)):
        yield _function(f"math.{name}", "double", "double", do, group)
    yield _function("math.abs", "number", "number", maths.absolute, group)
    yield _function("math.sign", "number", "number", maths.sign, group)
    yield _function("math.sqrt", "number", "double", maths.sqrt, group)
    for name, ask in (("isNaN", maths.is_nan), ("isInf", maths.is_inf), ("isFinite", maths.is_finite)):
        yield _function(f"math.{name}", "double", "bool", ask, group)
    for name, work in (("bitAnd", operator.and_), ("bitOr", operator.or_), ("bitXor", operator.xor)):
        yield _function(f"math.{name}", "bits bits", "bits", maths.bitwise(work), group, "Bit by bit; both of one kind")
    yield _function("math.bitNot", "bits", "bits", maths.bit_not, group)
    yield _function("math.bitShiftLeft", "bits int", "bits", maths.shift(True), group, "In 64 bits, with zeros from the right")
    yield _function("math.bitShiftRight", "bits int", "bits", maths.shift(False), group, "In 64 bits, with zeros from the left")


def _lists() -> Iterator[Signature]:
    group = "lists and maps"
    yield _function("size", "string|bytes|list|map", "int", lists.size, group)
    yield _method("size", "string|bytes|list|map", "int", lists.size, group)
    yield _method("first", "list", "optional", lists.first, group)
    yield _method("last", "list", "optional", lists.last, group)
    yield _method("flatten", "list int?", "list", lists.flatten, group)
    yield _method("distinct", "list", "list", lists.distinct, group)
    yield _method("slice", "list int int", "list", lists.part, group)
    yield _method("sort", "list", "list", lists.sort, group)
    yield _function("lists.range", "int", "list", lists.count_to, group)
    yield _function("sets.contains", "list list", "bool", lists.sets_contains, group)
    yield _function("sets.equivalent", "list list", "bool", lists.sets_equivalent, group)
    yield _function("sets.intersects", "list list", "bool", lists.sets_intersects, group)


def _optionals() -> Iterator[Signature]:
    group = "optionals"
    yield _function("optional.of", ANY, "optional", lists.optional_of, group)
    yield _function("optional.none", "", "optional", lists.optional_none, group)
    yield _function("optional.ofNonZeroValue", ANY, "optional", lists.optional_of_non_zero, group)
    yield _function("optional.unwrap", "list", "list", lists.unwrapped, group)
    yield _method("unwrapOpt", "list", "list", lists.unwrapped, group)
    yield _method("hasValue", "optional", "bool", lists.has_value, group)
    yield _method("value", "optional", ANY, lists.value_of, group)


def _times() -> Iterator[Signature]:
    for name in times.GETTERS:
        of = "timestamp|duration" if name in times.GETTERS_OF_DURATIONS else "timestamp"
        yield _method(name, f"{of} string?", "int", times.getter(name), "times", times.SAID[name])


_ALL: Final = (*_conversions(), *_texts(), *_numbers(), *_lists(), *_optionals(), *_times())
FUNCTIONS: Final = {signature.name: signature for signature in _ALL if not signature.is_method}
"""What is called by its name alone: `size(x)`, `math.abs(x)`."""
METHODS: Final = {signature.name: signature for signature in _ALL if signature.is_method}
"""What is called behind a dot: `x.size()`."""
LAZY_METHODS: Final = {"or": "an optional", "orValue": "a value"}
"""Methods of optionals whose argument is only asked where there is no value."""
SPACES: Final = frozenset(name.split(".")[0] for name in FUNCTIONS if "." in name)
"""`math` and its like: what stands before the dot of some functions."""


def signatures() -> tuple[Signature, ...]:
    """All functions and methods, by group and in the order of the reference."""
    return _ALL
