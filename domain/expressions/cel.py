"""CEL by its official C++ library; nothing else imports that library.

What matters about the library here (0.1.3), each found by trying:

- Errors come back as values, except that a spent budget raises.
- An optional that leaves the library cannot be turned into a Python value, and inside a list or map the attempt ends the
  process. Where a source could make optionals, results are read item by item, and an optional result is compiled again
  with `.orValue(null)`.
- Each null that leaves the library costs None one reference, which ends a Python 3.11 process after some thousand of
  them. Where None can be lost, what was taken is given back.
- A Python function called from an expression never lets go of its arguments. So we have none: `num` is CEL's own
  `double` by another name.
- Maps are kept in an order that differs from process to process, and even from map to map: see `order.py`. They leave it
  sorted by the texts of their keys, so neither a result nor the first error in it is left to chance.
- All names are converted before anything is evaluated, so callers bind only what is read.
"""

from __future__ import annotations

import base64
import ctypes
import math
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships a stub but no py.typed
from cel_expr_python.ext import ext_math, ext_optional, ext_strings  # type: ignore[import-untyped]  # the same

from domain.expressions.engine import EngineRefusal
from domain.expressions.order import HIDDEN, KEYS, Guarded, guarded, keys_of
from domain.expressions.tokens import NAMES, is_field, tokens_of

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_MAKES_OPTIONALS: Final = re.compile(r"\?|optional|first|last")
_SCALARS: Final = frozenset(("BOOL", "INT", "UINT", "STRING"))
_FAILURES: Final = (RuntimeError, MemoryError, ValueError, TypeError, SystemError)
"""What the library raises where it does not answer with an error value."""


def _environment(*, is_hidden: bool = False) -> cel.Env:
    """What expressions may use; rewritten ones also use the hidden variables."""
    overload = cel.Overload("num", cel.Type.DOUBLE, [cel.Type.DYN], False)
    own = cel.CelExtension("refold", [cel.FunctionDecl("num", [overload])])
    extensions = [ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional(), own]
    names = (*NAMES, *HIDDEN) if is_hidden else NAMES
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=extensions)


class CelEngine:
    """Compiles with environments in which every name is dynamic."""

    def __init__(self) -> None:
        self._environment = _environment()
        self._environment_hidden = _environment(is_hidden=True)
        self._nulls_lost = bool(_nulls_lost())

    def compile(self, source: str) -> CelEvaluable:
        """The expression ready to evaluate. Raises EngineRefusal with the library's words."""
        may_be_optional = bool(_MAKES_OPTIONALS.search(source))
        try:
            expression = self._environment.compile(source)  # first as written, so that an error has the right column
            rewritten = guarded(source)
            own = _with_double(rewritten.source)
            if own != source:
                expression = self._environment_hidden.compile(own)
            if may_be_optional and expression.return_type().name().startswith("optional_type"):
                expression = self._environment_hidden.compile(f"dyn(\n{own}\n).orValue(null)")
        except _FAILURES as error:
            raise EngineRefusal(str(error)) from None
        return CelEvaluable(expression, rewritten, may_be_optional, self._nulls_lost)


class CelEvaluable:
    """One compiled expression; may be evaluated any number of times."""

    __slots__ = ("_expression", "_may_be_optional", "_nulls_lost", "_rewritten")

    def __init__(self, expression: cel.Expression, rewritten: Guarded, may_be_optional: bool, nulls_lost: bool) -> None:
        self._expression = expression
        self._rewritten = rewritten
        self._may_be_optional = may_be_optional
        self._nulls_lost = nulls_lost

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The plain JSON value. An integer beyond 64 bits that gets in the way is read as a double. Raises EngineRefusal."""
        try:
            return self._with_keys(names)
        except EngineRefusal as refusal:
            if "out of range for '" not in str(refusal) and "uint64" not in str(refusal):
                raise
        return self._with_keys(_with_doubles(dict(names)))

    def _with_keys(self, names: Mapping[str, Any]) -> Any:
        """The value; where a macro may have met a map, what fails is evaluated again with the keys that a map may have."""
        try:
            return self._value(names)
        except EngineRefusal:
            if not self._rewritten.reads_keys:
                raise
        return self._value({**names, KEYS: keys_of(names, self._rewritten.keys)})

    def _value(self, names: Mapping[str, Any]) -> Any:
        try:
            result = self._expression.eval(data=names)
            kind = result.type().name()
            if kind == "NULL":
                return None
            if kind in _SCALARS:
                return result.plain_value()
            if kind == "ERROR":
                raise EngineRefusal(str(result.value()))
            if self._may_be_optional:
                return _plain(_item_by_item(result))
            found = result.plain_value()
            if self._nulls_lost and isinstance(found, list | dict):
                _give_back_nones(found)
            return _plain(found)
        except TypeError as error:
            raise EngineRefusal(f"optional value: {error}") from None
        except _FAILURES as error:
            raise EngineRefusal(str(error)) from None


def _with_double(source: str) -> str:
    """The source with `double` in place of `num`."""
    if "num" not in source:
        return source
    tokens = tokens_of(source)
    pieces, at = [], 0
    for i, (token, after) in enumerate(pairwise(tokens)):
        if token.text == "num" and after.text == "(" and not is_field(tokens, i):
            pieces += [source[at : token.start], "double"]
            at = token.end
    return "".join(pieces) + source[at:]


def _nulls_lost() -> int:
    """How many references None loses by a null that leaves the library: measured, since a later one may be right."""
    if sys.version_info >= (3, 12):
        return 0  # None is immortal
    nulls = _environment().compile("[null]")
    rounds = 200
    before = sys.getrefcount(None)
    for _ in range(rounds):
        nulls.eval(data={}).plain_value()
    lost = round((before - sys.getrefcount(None)) / rounds)
    for _ in range(rounds * lost):
        _hold_none()
    return lost


def _hold_none() -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))


def _give_back_nones(value: Any) -> None:
    """Gives None the references that it lost for the nulls inside a list or map."""
    for item in value.values() if isinstance(value, dict) else value:
        if item is None:
            _hold_none()
        elif isinstance(item, list | dict):
            _give_back_nones(item)


def _item_by_item(value: cel.Value) -> Any:
    """The value of something that may hold optionals, for which the library raises TypeError when asked one by one."""
    kind = value.type().name()
    if kind == "NULL":
        return None
    content = value.value()
    if isinstance(content, list):
        return [_item_by_item(item) for item in content]
    if isinstance(content, dict):
        return {key: _item_by_item(content[key]) for key in sorted(content, key=_key)}
    if kind == "ERROR":
        raise EngineRefusal(str(content))
    return content


def _plain(value: Any) -> Any:
    """The JSON of a value of CEL. Raises EngineRefusal where there is none."""
    match value:
        case str() | bool() | int() | None:
            return value
        case float():
            if not math.isfinite(value):
                raise EngineRefusal(f"not finite: {value}")
            return value
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {_key(key): _plain(value[key]) for key in sorted(value, key=_key)}
        case datetime():
            return _rfc3339(value)
        case timedelta():
            return _seconds(value)
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case _:
            raise EngineRefusal("not a value: a type")


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(key)


def _rfc3339(time: datetime) -> str:
    text = time.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def _seconds(duration: timedelta) -> str:
    """`3600s`, `-1.5s`: as CEL and protobuf write a duration."""
    micros = duration // timedelta(microseconds=1)
    whole, fraction = divmod(abs(micros), 1_000_000)
    decimals = f".{fraction:06d}".rstrip("0") if fraction else ""
    return f"{'-' if micros < 0 else ''}{whole}{decimals}s"


def _with_doubles(value: Any) -> Any:
    """The same JSON, with every integer beyond 64 bits as the nearest double."""
    if isinstance(value, dict):
        return {key: _with_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_doubles(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and not _INT64_MIN <= value <= _INT64_MAX:
        return float(value)
    return value
