"""Names that callers choose: a refusal tells a rule that the refused name breaks."""

import pytest

from contracts.ids import SIGNAL_NAME_LENGTH_MAX, execution_id_problem, is_execution_id, signal_name_problem

OWN_FORM = "that form is Refold's own"


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("..", "beginning with a letter or digit"),
        (":", "beginning with a letter or digit"),
        ("-x", "beginning with a letter or digit"),
        ("", "beginning with a letter or digit"),
        ("a b", "letters, digits, `.`, `_`, `:`, `-`"),
        ("a" * 129, "at most 128, found 129 characters"),
        ("01K7QW3D8A.0B9ZK4T7QE", OWN_FORM),
        ("key.0A.0123456789abcdef0123456789abcdef", OWN_FORM),
    ],
)
def test_the_refusal_of_an_execution_id_tells_the_rule_that_it_breaks(name: str, rule: str) -> None:
    assert not is_execution_id(name)
    assert rule in str(execution_id_problem(name))


def test_nothing_is_told_of_an_id_that_may_be_used() -> None:
    assert execution_id_problem("order-7.2026") is None


@pytest.mark.parametrize("name", [".", ".."])
def test_a_signal_without_a_name_in_an_address_is_told_why(name: str) -> None:
    assert "not `.` or `..`" in str(signal_name_problem(name))
    assert signal_name_problem("a" * SIGNAL_NAME_LENGTH_MAX) is None
