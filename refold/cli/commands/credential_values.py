"""The values of a credential as somebody gives them: in a file, on stdin, or typed without being seen."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import Final

from contracts.credentials import KINDS, NAME_PATTERN, VALUES_BYTES_MAX, check_values, is_credential_name
from contracts.errors import InvalidInput, Problem
from refold.cli.commands.output import BadInput

SEPARATORS: Final = {"basic": ("username", ":", "password"), "header": ("name", ":", "value")}
"""How a kind of two values is written on a line."""


def check_name(name: str) -> None:
    """Raise BadInput where a credential cannot be called so."""
    if not is_credential_name(name):
        raise BadInput(f"{name!r} cannot be the name of a credential; expected {NAME_PATTERN}")


def values_of(kind: str, file: Path | None) -> dict[str, str]:
    """The values, checked. Raises BadInput, InvalidInput; neither repeats any of them."""
    if kind not in KINDS:
        raise InvalidInput(
            [Problem("/kind", "unknown_kind", f"there is no kind of credentials {kind[:100]!r}", f"there are {', '.join(KINDS)}")]
        )
    if file is None and sys.stdin.isatty() and not KINDS[kind].takes_any:
        values = {name: getpass.getpass(f"{name}: ") for name in KINDS[kind].needs}
    else:
        values = values_in(kind, _read(file))
    check_values(kind, values)
    return values


def values_in(kind: str, text: str) -> dict[str, str]:
    """The values in a text: of a kind of one value the text, of one of two `USERNAME:PASSWORD`, `NAME: VALUE`, of all others JSON."""
    line = text.removesuffix("\n").removesuffix("\r")
    needs = KINDS[kind].needs
    if len(needs) == 1 and not KINDS[kind].takes:
        return {needs[0]: line}
    if kind in SEPARATORS and not line.lstrip().startswith("{"):
        first, sign, second = SEPARATORS[kind]
        before, found, after = line.partition(sign)
        if not found:
            raise BadInput(
                f"the values of a credential of kind {kind}: expected {first.upper()}{sign}{second.upper()}, or an object of JSON"
            )
        return {first: before, second: after.strip(" ") if kind == "header" else after}
    try:
        found_values = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput(f"the values of a credential of kind {kind}: expected an object of JSON, such as {_example(kind)}") from None
    if not isinstance(found_values, dict) or not all(isinstance(value, str) for value in found_values.values()):
        raise BadInput(f"the values of a credential of kind {kind}: expected an object of JSON whose values are texts: {_example(kind)}")
    return found_values


def _read(file: Path | None) -> str:
    try:
        content = sys.stdin.buffer.read(VALUES_BYTES_MAX * 2) if file is None or str(file) == "-" else file.read_bytes()
        return content.decode()
    except OSError as error:
        raise BadInput(f"the values of the credential cannot be read: {error.strerror} ({error.filename})") from None
    except UnicodeDecodeError:
        raise BadInput("the values of the credential are no text in UTF-8: encode them, as base64") from None


def _example(kind: str) -> str:
    return json.dumps(dict.fromkeys(KINDS[kind].needs or ("some_name",), "…"), ensure_ascii=False)
