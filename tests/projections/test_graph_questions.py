"""What a graph of LangGraph has asked, in a history and in a trace."""

from __future__ import annotations

from contracts.journal import SCHEMA
from projections.history import HistoryPresenter
from projections.spans import spans_of
from tests.domain.nodes.test_graph_questions import BY_SIGNAL, asking, world
from tests.domain.spec import entries_of, signal


def test_a_history_says_what_was_asked_and_an_attempt_that_asks_has_ended_well() -> None:
    subject = world(BY_SIGNAL % ("", ""), asking(("a",))).start().send(signal("go", 1)).subjects["x"]
    presenter = HistoryPresenter()
    events = [event for decision in subject.decisions for event in presenter.present(decision)]
    (asked,) = [event for event in events if event.type == "ActivityAsked"]
    assert (asked.path, asked.attempt, asked.data["asked"]) == ("trip", 1, [{"ask": "a", "value": "may I?"}])
    found = {span.name: span for span in spans_of(entries_of(subject, SCHEMA), lambda name: subject.graph).spans}
    assert [found[f"trip attempt {number}"].error for number in (1, 2)] == ["", ""]
    assert found["trip attempt 1"].end == found["ask"].start
