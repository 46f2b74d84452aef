"""Refusals on their way through the journal: short, and the same when they arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import InvalidInput, Problem, RecordTooLarge, Rejected
from contracts.refusal import MESSAGE_BYTES_MAX, refusal_of, told_of

TEXT = st.text(max_size=3_000)
PROBLEMS = st.lists(st.builds(Problem, st.text(max_size=50), st.text(max_size=20), TEXT, st.text(max_size=50)), min_size=1, max_size=30)


@given(TEXT, TEXT)
def test_no_refusal_is_longer_than_a_record_has_room_for(reason: str, message: str) -> None:
    assert len(told_of(Rejected("busy", message))[1].encode()) <= MESSAGE_BYTES_MAX
    assert len(told_of(RuntimeError(reason))[1].encode()) <= MESSAGE_BYTES_MAX


@given(PROBLEMS)
def test_what_is_wrong_with_an_input_arrives_as_problems(problems: list[Problem]) -> None:
    reason, message = told_of(InvalidInput(problems))
    assert len(message.encode()) <= MESSAGE_BYTES_MAX
    found = refusal_of(reason, message, "e", "")
    if isinstance(found, InvalidInput):
        assert found.problems == problems[: len(found.problems)]
    else:  # one problem alone is longer than that
        assert isinstance(found, Rejected)


def test_an_input_s_problems_come_back_whole() -> None:
    problems = [Problem("/amount", "required", "'amount' is a required property")]
    found = refusal_of(*told_of(InvalidInput(problems)), "e", "")
    assert isinstance(found, InvalidInput)
    assert found.problems == problems


def test_a_rejection_keeps_its_reason_and_status() -> None:
    found = refusal_of(*told_of(Rejected("already_ended", "it is over", status="completed")), "e", "completed")
    assert isinstance(found, Rejected)
    assert (found.reason, found.message, found.details) == ("already_ended", "it is over", {"execution": "e", "status": "completed"})


def test_a_decision_too_large_for_the_log_does_not_ask_to_come_again() -> None:
    found = refusal_of(*told_of(RecordTooLarge("a decision of 9 bytes; the log takes 8")), "e", "")
    assert isinstance(found, Rejected)
    assert (found.reason, found.message) == ("decision_too_large", "a decision of 9 bytes; the log takes 8")
