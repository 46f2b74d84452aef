"""What a search may cost: patterns are measured with their repetitions written out, and charged for each character of the text."""

import pytest

from contracts.errors import ExpressionError
from domain.expressions import program
from domain.expressions.pattern_size import SIZE_MAX, size_of


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("", 1, 1), ("abc", 3, 9), ("a*", 1, 4), ("(a|b)+c", 3, 12), ("a{30}", 30, 90), ("a{2,30}", 30, 90), ("a{3,}", 4, 12),
        ("((a{1,30}){1,30}){1}b", 900, 4_000), ("[a-z]{1,500}b", 500, 2_000), ("(.{0,500}a){1,2}$", 5_000, 20_000),
        (r"[\pL]{500}", 500_000, 1_000_000), (r"\p{Greek}", 1_000, 2_000),
        (r"\{30}", 1, 10), ("[{]{2}", 2, 10), ("[]a]{3}", 3, 12), (")a", 1, 8),
        ("a{99999999999}", 99_999, 10**9),
    ],
)  # fmt: skip
def test_a_pattern_is_as_large_as_its_repetitions_written_out(pattern: str, least: int, most: int) -> None:
    assert least <= size_of(pattern) <= most


@pytest.mark.parametrize("pattern", ["((a{1,30}){1,30}){1}b", "(.{0,500}a){1,2}$", "((a{1,10}){1,10}){1,10}b"])
def test_a_large_pattern_over_a_long_text_is_over_the_bound(pattern: str) -> None:
    with pytest.raises(ExpressionError, match="100,000 units"):
        program(f"input.matches('{pattern}')").evaluate({"input": "a" * 200_000})
    assert program(f"input.matches('{pattern}')").evaluate({"input": "a" * 100}) in (True, False)


def test_many_searches_in_a_macro_are_charged_each() -> None:
    with pytest.raises(ExpressionError, match="100,000 units"):
        program("input.l.map(x, input.t.matches('((a{1,30}){1,30}){1}b'))").evaluate({"input": {"l": [0] * 150, "t": "a" * 10_000}})


def test_a_pattern_that_is_too_large_is_refused_before_it_is_compiled() -> None:
    with pytest.raises(ExpressionError, match=f"too large.*{SIZE_MAX:,} at most"):
        program(r"'a'.matches('[\\pL]{500}')").evaluate({})


def test_a_plain_pattern_looks_through_a_long_text() -> None:
    assert program("input.matches('a+b')").evaluate({"input": "a" * 400_000 + "b"}) is True
