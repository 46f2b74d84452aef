"""`delay`: waits for a length of time, or until a time."""

import pytest

from contracts import commands as c
from tests.domain.spec import World, run


@pytest.mark.parametrize(("config", "took_ms"), [("for: 1h30m", 5_400_000), ("for: PT2S", 2_000), ('for: "{{ input.wait }}"', 700)])
def test_a_delay_waits_so_long(config: str, took_ms: int) -> None:
    world = run(f"nodes: [{{id: d, type: delay, config: {{{config}}}}}]", {"wait": "700ms"})
    assert (world.took_ms, world.output) == (took_ms, {"waited": took_ms / 1000})


def test_a_delay_waits_until_a_time() -> None:
    world = run('nodes: [{id: d, type: delay, config: {until: "1970-01-01T01:16:41+01:00"}}]')
    assert world.took_ms == 1_000


def test_a_time_that_has_passed_is_due_at_once() -> None:
    assert run('nodes: [{id: d, type: delay, config: {until: "1970-01-01T00:00:01Z"}}]').took_ms == 0


def test_a_length_that_cannot_be_read_is_an_expression_error() -> None:
    assert run('nodes: [{id: d, type: delay, config: {for: "{{ input }}"}}]', "soon").error == "expression"


def test_a_delay_that_comes_due_in_a_pause_acts_on_resume() -> None:
    world = World("nodes: [{id: d, type: delay, config: {for: 1s}}]").at(5, c.PauseExecution()).at(9_000, c.ResumeExecution()).start()
    assert (world.status, world.took_ms, world.output) == ("completed", 9_000, {"waited": 9.0})


def test_a_cancelled_delay_never_fires() -> None:
    world = World("nodes: [{id: d, type: delay, config: {for: 1s}}]").at(5, c.CancelExecution()).start()
    assert (world.status, world.took_ms) == ("cancelled", 5)
