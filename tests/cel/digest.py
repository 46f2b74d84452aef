"""One digest of what many random expressions give: the same on every machine, in every process and version of Python.

`python -m tests.cel.digest [COUNT]` prints it; it needs nothing but `msgspec` and `google-re2`.
"""

from __future__ import annotations

import hashlib
import json
import sys

from contracts.errors import ExpressionError
from domain.expressions import program
from tests.cel.random_source import Source

COUNT = 3_000
EXPECTED = "d3c08b45842126e1f309cce2bf625c64467db659ced3cb419cd7908cfd02d3c6"
"""What every machine must say. It changes only with the language, or with the random expressions."""


def digest_of(count: int = COUNT, first: int = 0) -> str:
    """The SHA-256 over all values and messages."""
    found = hashlib.sha256()
    for seed in range(first, first + count):
        source = Source(seed)
        try:
            said = json.dumps(program(source.text_of).evaluate(source.names), ensure_ascii=False)
        except ExpressionError as error:
            said = f"{type(error).__name__}: {error}"
        found.update(f"{source.text_of}\n{said}\n".encode())
    return found.hexdigest()


if __name__ == "__main__":
    print(digest_of(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT))
