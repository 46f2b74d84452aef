"""Circuit breakers: they open by failures, attempts wait for them without being spent, one at a time tries, and they close."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import CancelExecution, HoldActivity, PauseExecution, ReportStarted, ReportToBreaker, ResumeExecution
from contracts.errors import Rejected
from contracts.failure import Failure
from contracts.ids import is_breaker_id
from domain.execution.breaker import breaker_id
from tests.workers.breaking import COOL_DOWN_MS, Shop


def broken() -> Shop:
    """A shop that is down; `a` and `b` have found that out, and `c` has not begun."""
    shop = Shop()
    shop.put()
    shop.break_()
    shop.start("c")
    return shop


def attempts(shop: Shop, name: str) -> int:
    folded = shop.bench.engine.owner.executions.get(name)
    assert folded is not None
    return folded.state.runs["sell"].attempt


def test_where_there_is_no_breaker_failures_are_retried_and_nothing_waits() -> None:
    shop = Shop()
    shop.break_()
    shop.wait(1_000)
    assert shop.handed_out == ["a", "b"]


def test_a_breaker_opens_and_what_goes_by_it_waits_without_spending_an_attempt() -> None:
    shop = broken()
    assert (shop.stands(), shop.handed_out, shop.wait_of("c")) == ("open", [], "breaker shop")
    shop.wait(1_000)
    assert [shop.wait_of(name) for name in "abc"] == ["breaker shop"] * 3
    shop.wait(COOL_DOWN_MS - 2_000)
    assert [attempts(shop, name) for name in "abc"] == [2, 2, 1]
    shop.check()


def test_when_it_has_cooled_down_one_at_a_time_tries_and_a_failure_opens_it_again() -> None:
    shop = broken()
    shop.wait(COOL_DOWN_MS)
    assert (shop.stands(), shop.handed_out) == ("half_open", ["c"])
    shop.wait(COOL_DOWN_MS // 2)
    assert shop.handed_out == ["c"]
    shop.fail("c")
    assert (shop.stands(), shop.handed_out, shop.told().reason) == ("open", [], "sell of c tried and failed")
    shop.wait(COOL_DOWN_MS)
    assert len(shop.handed_out) == 1
    shop.check()


def test_one_that_tries_and_succeeds_lets_all_go_on() -> None:
    shop = broken()
    shop.wait(COOL_DOWN_MS)
    shop.sell("c")
    assert (shop.stands(), sorted(shop.handed_out)) == ("closed", ["a", "b"])
    for name in "ab":
        shop.sell(name)
    assert {shop.bench.status(name) for name in "abc"} == {"completed"}
    assert not shop.bench.engine.owner.breakers.held
    shop.check()


def test_a_failure_that_says_nothing_of_the_shop_counts_for_nothing() -> None:
    shop = Shop()
    shop.put()
    shop.start("a", "b", "c")
    shop.fail("a", Failure("http.404", "no such order"), retryable=False)
    shop.fail("b", Failure("input.invalid", "no order at all"))
    shop.fail("c")
    assert shop.stands() == "closed"


def test_one_who_tries_and_hears_that_the_order_is_wrong_has_reached_the_shop() -> None:
    shop = broken()
    shop.wait(COOL_DOWN_MS)
    shop.fail("c", Failure("http.404", "no such order"), retryable=False)
    assert shop.stands() == "closed"


@pytest.mark.parametrize("match", [{"host": "shop.EXAMPLE"}, {"credential": "till"}, {"kind": "shop", "host": "shop.example"}])
def test_a_breaker_is_about_a_kind_a_host_or_a_credential(match: dict[str, Any]) -> None:
    shop = Shop()
    shop.put(**match)
    shop.break_()
    shop.start("c")
    assert (shop.stands(), shop.wait_of("c")) == ("open", "breaker shop")


@pytest.mark.parametrize("match", [{"host": "example"}, {"credential": "another"}, {"kind": "another", "host": "shop.example"}])
def test_what_goes_elsewhere_is_none_of_its_business(match: dict[str, Any]) -> None:
    shop = Shop()
    shop.put(**match)
    shop.break_()
    assert shop.stands() == "closed"


def test_of_two_breakers_both_have_to_let_an_attempt_through() -> None:
    shop = Shop()
    shop.put("kind")
    shop.put("host", failures=3, host="shop.example")
    shop.break_()
    shop.start("c")
    assert (shop.stands("kind"), shop.stands("host"), shop.wait_of("c")) == ("open", "closed", "breaker kind")
    assert shop.steer("open", "host").error is None
    shop.move()
    shop.wait(COOL_DOWN_MS)
    assert (shop.stands("kind"), shop.handed_out) == ("half_open", []), "who would try for the one is held by the other"
    shop.steer("close", "host")
    assert shop.stands("kind") == "half_open"
    assert len(shop.handed_out) == 1
    shop.sell(shop.handed_out[0])
    assert shop.stands("kind") == "closed"
    shop.wait(2_000)
    assert len(shop.handed_out) == 2
    shop.check()


def test_a_person_opens_and_closes_one() -> None:
    shop = Shop()
    shop.put()
    assert shop.steer("open", reason="they move house").error is None
    shop.start("a")
    assert (shop.told().is_by_hand, shop.told().reason, shop.wait_of("a")) == (True, "they move house", "breaker shop")
    shop.wait(10 * COOL_DOWN_MS)
    assert (shop.stands(), shop.handed_out) == ("open", [])
    shop.steer("close", reason="there")
    assert (shop.stands(), shop.handed_out, shop.told().reason) == ("closed", ["a"], "there")
    error = shop.steer("close").error
    assert isinstance(error, Rejected)
    assert error.reason == "breaker_closed"
    shop.check()


def test_where_there_is_none_of_the_name_nobody_opens_it() -> None:
    error = Shop().steer("open").error
    assert isinstance(error, Rejected)
    assert error.reason == "unknown_resource"


def test_when_it_is_deleted_all_that_wait_go_on() -> None:
    shop = broken()
    shop.delete()
    assert shop.handed_out == ["c"]
    shop.wait(1_000)
    assert sorted(shop.handed_out) == ["a", "b", "c"]
    shop.put()
    shop.start("d")
    assert (shop.stands(), shop.wait_of("d")) == ("closed", "activity sell"), "another one of its name begins anew"
    shop.check()


def test_a_breaker_whose_window_is_empty_ends_and_the_next_failure_begins_another() -> None:
    shop = Shop()
    shop.put()
    shop.start("a", "b")
    shop.fail("a")
    assert len(breakers(shop)) == 1
    shop.wait(60_000)
    assert breakers(shop) == []
    shop.sell("a")
    shop.fail("b")
    assert shop.stands() == "closed"
    assert len(breakers(shop)) == 1


def breakers(shop: Shop) -> list[str]:
    """The breakers that are open executions."""
    return [name for name in shop.bench.engine.owner.executions.names() if is_breaker_id(name)]


def test_after_a_crash_at_any_moment_it_is_as_if_there_had_been_none() -> None:
    shop = broken()
    shop.kill()
    assert (shop.stands(), shop.handed_out, shop.wait_of("c")) == ("open", [], "breaker shop")
    shop.wait(COOL_DOWN_MS)
    tries = shop.handed_out
    assert len(tries) == 1
    shop.kill()
    assert (shop.stands(), shop.handed_out) == ("half_open", tries)
    shop.sell(tries[0])
    shop.kill()
    assert (shop.stands(), len(shop.handed_out)) == ("closed", 2)
    shop.check()


def test_what_was_about_to_run_when_the_process_died_waits_like_the_rest() -> None:
    shop = Shop()
    shop.put()
    shop.start("x")
    shop.break_()
    assert shop.handed_out == ["x"]
    shop.kill()
    assert (shop.handed_out, shop.wait_of("x")) == ([], "breaker shop")


def test_a_result_of_what_was_held_meanwhile_counts() -> None:
    shop = Shop()
    shop.put()
    shop.start("x")
    shop.break_()
    shop.kill()
    shop.sell("x", attempt=1)
    assert shop.bench.status("x") == "completed"
    shop.check()


def test_one_that_tries_and_is_cancelled_leaves_the_try_to_another() -> None:
    shop = broken()
    shop.wait(COOL_DOWN_MS)
    first = shop.handed_out[0]
    shop.bench.ask(first, CancelExecution(""))
    shop.out.clear() if shop.handed_out == [first] else shop.out.remove(next(one for one in shop.out if one.execution == first))
    shop.move()
    assert shop.stands() == "half_open"
    assert shop.handed_out != [first]
    assert len(shop.handed_out) == 1
    shop.check()


def test_one_that_is_paused_does_not_try() -> None:
    shop = Shop()
    shop.put()
    shop.break_()
    shop.start("c")
    for name in "ab":
        shop.bench.ask(name, CancelExecution(""))
    shop.bench.ask("c", PauseExecution())
    shop.wait(3 * COOL_DOWN_MS)
    assert (shop.stands(), shop.handed_out) == ("half_open", [])
    shop.bench.ask("c", ResumeExecution())
    shop.wait(COOL_DOWN_MS)
    assert shop.handed_out == ["c"]


def test_where_one_that_was_tried_by_is_opened_by_hand_nothing_is_due_by_itself() -> None:
    shop = Shop()
    shop.put()
    shop.start("a", "b", "c")
    shop.fail("a")
    shop.fail("b")
    shop.wait(COOL_DOWN_MS)
    assert shop.stands() == "half_open"
    shop.steer("open")
    shop.move()
    assert shop.stands() == "open"
    assert shop.bench.engine.owner.breakers.due is None, "only a person closes it: else the owner would never rest again"


def test_a_command_that_comes_twice_is_once() -> None:
    shop = broken()
    shop.bench.ask("c", HoldActivity("sell", 1, "shop"))
    shop.bench.ask(breaker_id("shop"), ReportToBreaker("shop", "failed", "a", "sell", 1, shop.bench.clock.now()))
    assert shop.stands() == "open"
    shop.wait(COOL_DOWN_MS)
    shop.bench.ask(breaker_id("shop"), ReportToBreaker("shop", "offered", "b", "sell", 2))
    assert len(shop.handed_out) == 1
    shop.sell(shop.handed_out[0])
    shop.bench.ask("a", HoldActivity("sell", 2, "shop"))
    shop.move()
    assert sorted(shop.handed_out)[:2] == ["a", "a"], "it is held by what is closed, and goes on at once"


def test_a_million_failures_are_no_more_than_a_few_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.partition.breaker_home.EVENTS_MAX", 50)
    shop = Shop()
    shop.put(failures=40)
    owner, address = shop.bench.engine.owner, breaker_id("shop")
    ids = set()
    for number in range(1_000):
        shop.bench.clock.set(shop.bench.clock.now() + 2_000)
        owner.send(address, ReportToBreaker("shop", "failed", f"x{number}", "sell", 1, shop.bench.clock.now()))
        shop.move()
        (name,) = breakers(shop)
        ids.add(name)
        folded = owner.executions.get(name)
        assert folded is not None
        assert folded.state.breaker is not None
        assert len(folded.state.breaker.failures) == min(30, number + 1), "what is within the window, also where it goes on as another"
        assert folded.state.version < 60
    assert len(ids) > 15
    assert shop.stands() == "closed"
    shop.check()


def test_time_limits_of_an_attempt_count_as_failures() -> None:
    limited = {"name": "w", "nodes": [{"id": "sell", "type": "shop", "timeouts": {"start_to_close": "1s"}}]}
    shop = Shop(limited)
    shop.put()
    shop.start("a", "b")
    for name in "ab":
        shop.bench.engine.owner.report(name, ReportStarted("sell", 1))
    shop.move()
    shop.wait(1_000)
    assert shop.stands() == "open"
