"""What a request takes, by its `Accept` or `Accept-Encoding`: each thing named there, and how gladly it is taken (RFC 9110, 12.4)."""

from __future__ import annotations


def weights_in(header: str) -> dict[str, float]:
    """The `q` of all that a header names, in small letters; 0 is a refusal, and what cannot be read is 0, too."""
    parts = (one.split(";") for one in header.split(","))
    return {name.strip().lower(): _weight(parameters) for name, *parameters in parts}


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
