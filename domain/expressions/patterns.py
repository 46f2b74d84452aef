"""`matches`: regular expressions of RE2, which take time in proportion to the text and never backtrack.

The library's own wrapper makes a Python object of every search, which takes six times as long as the search; so the compiled
pattern is asked directly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from re2 import _re2

from domain.expressions.conversions import encoded
from domain.expressions.faults import Fault, Meter
from domain.expressions.pattern_size import SIZE_MAX, size_of

PATTERN_BYTES_MAX: Final = 4 << 20
"""How much memory a compiled pattern may take. With less, many a pattern is searched without its automaton, a hundred times slower."""
PATTERN_UNITS: Final = 8_000
"""What each pattern costs an evaluation that computes it: to compile one, or to refuse it, may take milliseconds."""
_NOWHERE: Final = (-1, -1)


def _options() -> Any:
    options = _re2.RE2.Options()
    options.max_mem = PATTERN_BYTES_MAX
    options.log_errors = False
    return options


_OPTIONS: Final = _options()


@lru_cache(maxsize=200)
def pattern(source: str) -> Any:
    """The compiled pattern. Raises Fault for one that RE2 does not take."""
    if (size := _size(source)) > SIZE_MAX:
        raise Fault("pattern", f"too large: about {size:,} steps, {SIZE_MAX:,} at most")
    made = _re2.RE2(encoded(source), _OPTIONS)
    if not made.ok():
        raise Fault("pattern", made.error().decode(errors="replace"))
    return made


_size: Final = lru_cache(maxsize=2_000)(size_of)


def matches(meter: Meter, text: str, source: str) -> bool:
    """Whether the pattern is found anywhere in the text."""
    if source not in meter.patterns:
        meter.charge(PATTERN_UNITS)
        meter.patterns |= {source}
    return is_found(meter, text, source, pattern(source))


def is_found(meter: Meter, text: str, source: str, compiled: Any) -> bool:
    """The same with a pattern that is compiled already."""
    meter.charge(len(source) + (len(text) >> 4) + (_size(source) * len(text) >> 7))
    content = encoded(text)
    return bool(compiled.Match(_re2.RE2.Anchor.UNANCHORED, content, 0, len(content))[0] != _NOWHERE)
