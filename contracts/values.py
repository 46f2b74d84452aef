"""Values: JSON as bytes, passed through unparsed; a big one is a reference to a blob.

A value is either JSON text in UTF-8 or `@sha256:<64 hex>:<bytes>`, with `:<key>` where it is sealed.
No JSON text begins with `@`, so the two are never mixed up, and a value of a user can never be taken for a reference.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any, Final

import msgspec

from contracts.errors import InvalidInput, Problem
from contracts.key import NO_KEY
from contracts.value_check import check, is_deep

NULL: Final = b"null"
BLOB_BYTES_MIN_DEFAULT: Final = 64 * 1024
"""A value longer than this is stored once under its content hash, and events carry the reference."""
VALUE_BYTES_MAX_DEFAULT: Final = 16 * 1024 * 1024
"""A value longer than this is refused."""

_FINITE: Final = frozenset({str, int, bool, type(None), bytes})
_LISTS: Final = (list, tuple)
_PREFIX: Final = b"@sha256:"
IN_TRANSIT: Final = b"@transit:"
"""So a value begins that is on its way to an owner elsewhere, in `commands` and nowhere else."""
_REFERENCE: Final = re.compile(rb"@sha256:([0-9a-f]{64})")
_WEIGHED: Final = re.compile(rb"@sha256:([0-9a-f]{64}):([0-9]{1,9})")
_KEYED: Final = re.compile(rb"@sha256:[0-9a-f]{64}:[0-9]+:([0-9]{1,20})")
_ON_ITS_WAY: Final = re.compile(rb"@transit:([0-9a-f]{64})")
_HASH_ENDS: Final = len(_PREFIX) + 64

encode = msgspec.json.Encoder(enc_hook=lambda value: _plain(value)).encode
_decode = msgspec.json.Decoder().decode


def _plain(value: object) -> Any:
    raise InvalidInput([Problem("", "json", f"{type(value).__name__} is not a JSON value")])


def decode(value: bytes) -> Any:
    """The parsed JSON of a value that is not a reference. Raises InvalidInput where it is not JSON."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput([Problem("", "json", f"not JSON: {error}")]) from None


def written(value: Any) -> bytes:
    """A value that comes from a program, as JSON that was checked. Raises InvalidInput for one that JSON has no words for."""
    try:
        content = encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInput([Problem("", "json", f"not a JSON value: {error}")]) from None
    if b"null" in content:  # what else than None becomes one
        _check_finite(value)
    return check(content)


def written_again(value: Any) -> bytes:
    """JSON of what was read from checked JSON, and of texts: putting it together can make it too deep, and nothing else.

    Raises InvalidInput as `written` does, which looks at all of it.
    """
    try:
        content = encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return written(value)
    return check(content) if is_deep(content) else content


def _check_finite(value: Any) -> None:
    """Raise InvalidInput for a number that is none: `encode` writes null for it."""
    waiting = [value]
    for one in waiting:  # which grows meanwhile
        if type(one) in _FINITE:
            continue
        if isinstance(one, float) and not math.isfinite(one):
            raise InvalidInput([Problem("", "number", f"expected finite numbers, found {one}", "write it as a text")])
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, _LISTS):
            waiting.extend(one)


def is_in_transit(value: bytes) -> bool:
    """Whether the value stands for one that is on its way to an owner elsewhere."""
    return value.startswith(IN_TRANSIT)


def is_reference(value: bytes) -> bool:
    """Whether the value stands for a blob."""
    return value.startswith(_PREFIX)


def reference_to(content: bytes, key: int = NO_KEY) -> bytes:
    """The reference that stands for this content, sealed with the key of a number."""
    reference = b"%s%s:%d" % (_PREFIX, hashlib.sha256(content).hexdigest().encode(), len(content))
    return reference if key == NO_KEY else b"%s:%d" % (reference, key)


def blobs_in(content: bytes) -> set[str]:
    """The content hashes that bytes may refer to, whatever they are: rather one too many than one too few."""
    return {found.decode() for found in _REFERENCE.findall(content)} if _PREFIX in content else set()


def weights_in(content: bytes) -> dict[str, int]:
    """About how long the blobs are that bytes may refer to, by content hash."""
    found = _WEIGHED.findall(content) if _PREFIX in content else ()
    return {name.decode(): min(int(digits), VALUE_BYTES_MAX_DEFAULT) for name, digits in found}


def keys_in(content: bytes) -> set[int]:
    """The numbers of keys that references in bytes may name, whatever they are: rather many too many than one too few."""
    found = _KEYED.findall(content) if _PREFIX in content else ()
    return {int(digits[:end]) for digits in found for end in range(1, len(digits) + 1)}  # whatever follows may begin with a digit


def in_transit_in(content: bytes) -> set[str]:
    """The names of what is on its way to an owner elsewhere, as bytes may refer to it."""
    return {found.decode() for found in _ON_ITS_WAY.findall(content)} if IN_TRANSIT in content else set()


def blob_length(reference: bytes) -> int:
    """The length of the blob that a reference names."""
    return int(reference[_HASH_ENDS + 1 :].partition(b":")[0])


def length_of(value: bytes) -> int:
    """How many bytes of JSON a value is, wherever they lie."""
    return blob_length(value) if is_reference(value) else len(value)


def blob_of(reference: bytes) -> str:
    """What a reference names: the content hash (64 hex digits), of a sealed blob with a colon and the number of its key."""
    content_hash = reference[len(_PREFIX) : _HASH_ENDS].decode()
    key = key_of(reference)
    return content_hash if key == NO_KEY else f"{content_hash}:{key}"


def described(reference: bytes) -> dict[str, Any]:
    """A reference as JSON shows it: which blob, and how long it is."""
    return {"blob": f"sha256:{reference[len(_PREFIX) : _HASH_ENDS].decode()}", "bytes": blob_length(reference)}


def key_of(reference: bytes) -> int:
    """The number of the key that a reference names, `NO_KEY` where it names none."""
    key = reference[_HASH_ENDS + 1 :].partition(b":")[2]
    return int(key) if key else NO_KEY
