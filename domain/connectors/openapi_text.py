"""The text of an OpenAPI document, JSON or YAML, to plain values. JSON may be long: whole APIs of large vendors are."""

from __future__ import annotations

from typing import Any, Final, Literal

from contracts.definitions import DEFINITION_BYTES_MAX
from contracts.errors import InvalidDefinition, Problem
from domain.definition.document import parse_document
from domain.definition.document_json import parse_json
from domain.definition.text import TextFault

OPENAPI_BYTES_MAX: Final = 32 * 1024 * 1024
"""So long a document in JSON may be; one in YAML may be as long as a definition."""


def parse_openapi(text: bytes, syntax: Literal["yaml", "json"] | None = None) -> Any:
    """The document as JSON values. Raises InvalidDefinition with one problem."""
    is_json = syntax == "json" or (syntax is None and text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"))
    if len(text) <= DEFINITION_BYTES_MAX or not is_json:
        return parse_document(text, syntax)
    if len(text) > OPENAPI_BYTES_MAX:
        message = f"the document has {len(text):,} bytes, the most is {OPENAPI_BYTES_MAX:,} (OPENAPI_BYTES_MAX)"
        raise InvalidDefinition([Problem("", "too_large", message, "leave out what is not wanted")])
    try:
        return parse_json(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"expected text in UTF-8, found something else at byte {error.start}"
        raise InvalidDefinition([Problem("", "encoding", message, "save the file as UTF-8")]) from None
    except TextFault as fault:
        raise InvalidDefinition([fault.problem]) from None
