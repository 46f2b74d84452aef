"""Results that a worker hands in, judged one by one: what cannot be read is the failure of its own task, and of no other.

A message that can be read is read in one go. Only one that cannot be is taken apart, without looking into what is nested.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from contracts.worker_protocol import RESULTS_MAX, BadMessage, Result, ResultError, Results, check_characters, read

APART_BYTES_MAX: Final = 8 * 1024 * 1024
"""A larger message is not taken apart."""
WHY_LENGTH_MAX: Final = 500

_all: Final = msgspec.json.Decoder(Results)
_one: Final = msgspec.json.Decoder(Result)
_text: Final = msgspec.json.Decoder(str)
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]|,', re.DOTALL)
_MEMBER: Final = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:\s*(.*)', re.DOTALL)


class TooMuch(BadMessage):
    """A message that cannot be read, and is too large to be taken apart."""


def read_results(body: bytes) -> Results:
    """The results in a request. Raises BadMessage where it is wrong as a whole, WrongProtocol."""
    try:
        check_characters(body)
        return read(_all, body)
    except BadMessage as error:
        if len(body) > APART_BYTES_MAX:
            raise TooMuch(f"{error}; up to {APART_BYTES_MAX} bytes it could be said of which task: send fewer results at a time") from None
        return _read_apart(body, error)


def _read_apart(body: bytes, error: BadMessage) -> Results:
    members = members_of(body)
    found = members.pop("results", b"")
    if not found.startswith(b"["):
        raise error
    whole = read(_all, object_of(members | {"results": b"[]"}))
    parts = _parts(found)
    if len(parts) > RESULTS_MAX:
        raise error
    return msgspec.structs.replace(whole, results=[_judged(part) for part in parts])


def _judged(part: bytes) -> Result:
    try:
        check_characters(part)
        return _one.decode(part)
    except (msgspec.DecodeError, RecursionError, BadMessage) as error:
        members = members_of(part)
        return Result(task=_string(members.get("task", b"")), error=error_instead(members, error))


def error_instead(members: Mapping[str, bytes], why: Exception) -> ResultError | UnsetType:
    """What a result that cannot be read comes to: where it was to be an end, a failure; else nothing."""
    if "output" not in members and "error" not in members:
        return UNSET
    message = f"what the worker reported cannot be read: {str(why)[:WHY_LENGTH_MAX]}"
    return ResultError(type="result.invalid", message=message, retryable=False)


def members_of(text: bytes) -> dict[str, bytes]:
    """The members of an object, their values as they stand there; none where it has no end."""
    found = filter(None, map(_MEMBER.fullmatch, _parts(text)))
    return {_string(one[1]): one[2].strip() for one in found}


def object_of(members: Mapping[str, bytes]) -> bytes:
    """The other way round."""
    return b"{%s}" % b",".join(b"%s:%s" % (msgspec.json.encode(name), value) for name, value in members.items())


def _parts(text: bytes) -> list[bytes]:
    """What stands between the commas of an object or an array, however it looks inside; nothing where it has no end."""
    parts: list[bytes] = []
    depth, begin = 0, 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in (b"[", b"{"):
            depth += 1
            begin = token.end() if depth == 1 else begin
        elif depth == 1 and sign in (b",", b"]", b"}"):
            parts.append(text[begin : token.start()].strip())
            begin = token.end()
        if sign in (b"]", b"}"):
            depth -= 1
            if not depth:
                return [part for part in parts if part]
    return []


def _string(text: bytes) -> str:
    try:
        return _text.decode(text)
    except msgspec.DecodeError:
        return ""
