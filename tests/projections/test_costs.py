"""Costs: what asking models took, told once, by the node, model and version of a prompt that it went to; rows are sums, however cut."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import (
    CompleteActivity,
    FailActivity,
    LoseActivity,
    PauseExecution,
    ResumeExecution,
    RunActivity,
    TerminateExecution,
)
from contracts.failure import Failure
from contracts.models import MODEL_KINDS
from contracts.pins import Plan
from contracts.ports.read_models import Changes
from contracts.usage import COUNT_MAX, NANO, ModelCall
from domain.replay.forking import Wish, fork
from domain.replay.histories import RecordedHistories
from infra.store.sqlite import SqliteReadModels
from projections.cost_windows import cost_windows, groups_in, only_of
from projections.costs import COSTS, DAY_MS, SUM_MAX, CostRecord, Spent, costs_where
from projections.registry import READ_MODELS
from tests.ports.test_read_models import Open, open_, store  # noqa: F401  # the fixture
from tests.workers.harness import Bench
from tests.workers.test_projector import CHAIN
from workers.reading.projection import Sizes
from workers.reading.projector import Projector

ALL = 2**53
GROUPS = groups_in("workflow,node,model,prompt")
MODELS = {"small": {"use": ["ollama:s", "ollama:t"], "max_tokens": 50, "price": {"input": 1, "output": 2}}}
CALL = ModelCall("ollama:s", 30, 20, cached_tokens=10, reasoning_tokens=5, first_token_ms=80)
USD = (30 * 1 + 20 * 2) / 1_000_000
FAILED = ModelCall("ollama:t", error="ai.overloaded")
REPAIR = ModelCall("ollama:s", 8, 4, is_measured=False, is_repair=True)


def ask(id_: str, kind: str = "llm", **config: Any) -> dict[str, Any]:
    """A node that asks a model."""
    words = {} if kind == "prompt" else {"prompt": "hi"}
    return {"id": id_, "type": kind, "config": {"model": "small", **words, **config}}


def asking() -> Bench:
    """An engine whose models somebody else asks: a test says what came of it."""
    bench = Bench()
    own = bench.engine.worker.run

    def run(activity: RunActivity) -> None:
        if activity.kind not in MODEL_KINDS:
            own(activity)

    bench.engine.worker.run = run  # type: ignore[method-assign]  # they are done here
    return bench


def asks(name: str, *nodes: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"name": name, "settings": {"models": MODELS, **settings}, "nodes": list(nodes)}


def published(bench: Bench, text: str) -> None:
    content = json.dumps({"name": "reply", "prompt": text}).encode()
    bench.engine.catalog.publish_prompt("reply", hashlib.sha256(content).hexdigest(), content)


def done(bench: Bench, execution: str, path: str, *calls: ModelCall, attempt: int = 1) -> None:
    bench.ask(execution, CompleteActivity(path, attempt, b"1", calls=calls))
    bench.move(time=False)


def started(bench: Bench, workflow: str, execution: str, **more: Any) -> str:
    bench.start(workflow, execution=execution, **more)
    bench.move(time=False)
    return execution


def story() -> Bench:
    """Models are asked on two days: well, with a repair, without an answer, in a loop, with two versions of a prompt; and by nobody."""
    bench = asking()
    loop = {"id": "each", "type": "for_each", "config": {"items": "[1, 2]", "concurrency": 2, "body": {"nodes": [ask("one")]}}}
    bench.publish(CHAIN, asks("plain", ask("a")), asks("loop", loop))
    for number, text in enumerate(("first", "second"), 1):
        published(bench, text)
        bench.publish(asks("answers", ask("a", "prompt", prompt="reply")))
        done(bench, started(bench, "answers", f"answers-{number}"), "a", CALL)
        done(bench, started(bench, "plain", f"plain-{number}"), "a", FAILED, CALL, REPAIR)
        started(bench, "chain", f"chain-{number}")
        bench.clock.advance(DAY_MS)
    each = started(bench, "loop", "loop-1")
    done(bench, each, "each[0]/one", CALL)
    bench.ask(each, FailActivity("each[1]/one", 1, Failure("ai.incomplete", "cut"), retryable=False, calls=(CALL,)))
    bench.move(time=False)
    return bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    return story()


def rows(bench: Bench, models: Any, batch: int = 10_000, live: int = 100) -> list[CostRecord]:
    projector = Projector(bench.log, bench.engine.catalog, models, sizes=Sizes(batch, live, live))
    while projector.step():
        pass
    return list(models.select(costs_where(0, ALL)))


def told(bench: Bench, path: Path, group: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    with closing(SqliteReadModels(path / "rows.db", READ_MODELS)) as models:
        return cost_windows(rows(bench, models), "all", group)


@pytest.mark.parametrize(("batch", "live"), [(1, 1), (3, 1), (7, 100)])
def test_rows_are_the_same_however_decisions_are_cut(bench: Bench, open_: Open, tmp_path: Path, batch: int, live: int) -> None:  # noqa: F811
    with closing(SqliteReadModels(tmp_path / "whole.db", READ_MODELS)) as whole:
        assert rows(bench, open_(), batch, live) == rows(bench, whole) != []


def test_rows_that_are_made_anew_are_the_same(bench: Bench, tmp_path: Path) -> None:
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as models:
        before = rows(bench, models, 5, 1)
        projector = Projector(bench.log, bench.engine.catalog, models, sizes=Sizes(11, 1, 1))
        projector.rebuild(["costs"])
        while projector.is_building:
            projector.build()
        assert rows(bench, models, 5) == before
        assert [stand.differing for stand in models.stands() if stand.model == "costs"] == [0]


def test_what_each_call_took_stands_with_the_model_that_was_asked(bench: Bench, tmp_path: Path) -> None:
    of = {(one["workflow"], one["node"], one["model"], one["prompt"]): one for one in told(bench, tmp_path, GROUPS)}
    assert set(of) == {
        ("answers", "a", "ollama:s", "reply@1"), ("answers", "a", "ollama:s", "reply@2"),
        ("plain", "a", "ollama:s", ""), ("plain", "a", "ollama:t", ""), ("loop", "each/one", "ollama:s", ""),
    }  # fmt: skip
    plain = of["plain", "a", "ollama:s", ""]
    assert plain["tokens"] == {"input": 76, "output": 48, "cached": 20, "cache_written": 0, "reasoning": 10, "unmeasured": 24}
    assert (plain["calls"], plain["repairs"], plain["unmeasured"], plain["errors"]) == (4, 2, 2, 0)
    assert plain["usd"] == pytest.approx(2 * (USD + (8 + 4 * 2) / 1_000_000))
    assert (plain["first_token"]["count"], plain["first_token"]["mean_ms"]) == (2, 80)
    failed = of["plain", "a", "ollama:t", ""]
    assert (failed["calls"], failed["errors"], failed["usd"], failed["first_token"]) == (2, 2, 0, None)
    assert of["loop", "each/one", "ollama:s", ""]["calls"] == 2, "what failed was paid for, too"
    assert of["answers", "a", "ollama:s", "reply@2"]["usd"] == pytest.approx(USD)


def test_days_are_told_apart_and_add_up(bench: Bench, tmp_path: Path) -> None:
    with closing(SqliteReadModels(tmp_path / "rows.db", READ_MODELS)) as models:
        found = rows(bench, models)
        of_a_prompt = models.select(costs_where(0, ALL, only_of(None, None, None, None, "reply")))
        of_one = models.select(costs_where(DAY_MS, 2 * DAY_MS, only_of("answers", 2, "a", "ollama:s", "reply@2")))
    days = cost_windows(found, "day", frozenset())
    (whole,) = cost_windows(found[::-1], "all", frozenset())
    assert [one["calls"] for one in days] == [4, 4, 2]
    assert (whole["calls"], whole["at"]) == (10, None)
    assert whole["usd"] == pytest.approx(sum(one["usd"] for one in days))
    assert [one.prompt_version for one in of_a_prompt] == [1, 2]
    assert [one.calls for one in of_one] == [1]


def test_who_asks_no_model_has_no_rows(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(CHAIN)
    started(bench, "chain", "x")
    assert told(bench, tmp_path) == []


def test_an_attempt_that_is_lost_stands_apart_with_what_was_set_aside(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(asks("w", ask("a"), budget={"tokens": 10_000}))
    bench.ask(started(bench, "w", "x"), LoseActivity("a", 1, "w"))
    bench.move()
    done(bench, "x", "a", CALL, attempt=bench.engine.owner.executions.get("x").state.runs["a"].attempt)  # type: ignore[union-attr]  # it is there
    (one,) = told(bench, tmp_path, groups_in("node,model"))
    assert (one["node"], one["model"], one["calls"], one["tokens"]["input"], one["usd"]) == ("a", "ollama:s", 1, 30, pytest.approx(USD))
    assert (one["lost"]["attempts"], one["lost"]["calls"]) == (1, 2), "both models of the chain may have been asked"
    assert one["lost"]["tokens"] > 100
    assert one["lost"]["usd"] > 0


def test_what_is_asked_as_the_execution_ends_is_lost_and_a_fork_of_the_end_has_not_asked_it(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(asks("w", ask("a"), budget={"tokens": 10_000}))
    bench.ask(started(bench, "w", "x"), TerminateExecution("enough"))
    histories = RecordedHistories(bench.entries, bench.engine.catalog.graph, bench.all_blobs.get)
    bench.engine.send("y", fork(histories, Wish("x"), bench.all_blobs.get).creation)
    bench.move(time=False)
    assert bench.status("y") == "terminated"
    (one,) = told(bench, tmp_path)
    assert (one["calls"], one["lost"]["attempts"]) == (0, 1)


def test_a_fork_counts_what_it_asks_and_not_what_its_source_has_asked(tmp_path: Path) -> None:
    bench = asking()
    bench.publish({**asks("w", ask("a"), ask("b"), budget={"tokens": 10_000}), "edges": [{"from": "a", "to": "b"}]})
    done(bench, started(bench, "w", "x"), "a", CALL)
    histories = RecordedHistories(bench.entries, bench.engine.catalog.graph, bench.all_blobs.get)
    bench.engine.send("y", fork(histories, Wish("x"), bench.all_blobs.get).creation)
    bench.move(time=False)
    for name in ("x", "y"):
        done(bench, name, "b", CALL)
    assert [(one["node"], one["calls"], one["lost"]["attempts"]) for one in told(bench, tmp_path, groups_in("node"))] == [
        ("a", 1, 0), ("b", 2, 0),
    ]  # fmt: skip


def test_what_comes_in_a_pause_counts_once(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(asks("w", ask("a")))
    started(bench, "w", "x")
    bench.ask("x", PauseExecution())
    for _ in range(2):
        done(bench, "x", "a", CALL)
    bench.ask("x", ResumeExecution())
    assert [one["calls"] for one in told(bench, tmp_path)] == [1]


def test_what_a_child_takes_stands_in_its_own_rows_alone(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(asks("child", ask("a")))
    bench.publish(asks("parent", {"id": "c", "type": "sub_workflow", "config": {"workflow": "child"}}, budget={"tokens": 10_000}))
    started(bench, "parent", "x")
    (child,) = [name for name in bench.engine.owner.executions.names() if name != "x"]
    done(bench, child, "a", CALL)
    assert bench.status("x") == "completed"
    assert [(one["workflow"], one["calls"]) for one in told(bench, tmp_path, groups_in("workflow"))] == [("child", 1)]


def test_the_turns_of_an_agent_count_for_one_node(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(asks("w", {"id": "helper", "type": "agent", "config": {"model": "small", "input": "hi"}}))
    done(bench, started(bench, "w", "x"), "helper[0]/model", CALL)
    (one,) = told(bench, tmp_path, GROUPS)
    assert (one["node"], one["model"], one["prompt"], one["calls"]) == ("helper/model", "ollama:s", "", 1)
    assert one["usd"] == pytest.approx(USD)


def test_a_compensation_counts_for_itself_with_its_own_prompt(tmp_path: Path) -> None:
    bench = asking()
    published(bench, "sorry")
    undo = {"type": "prompt", "config": {"prompt": "reply", "version": 1, "model": "small"}}
    nodes = {"id": "a", "type": "noop", "compensate": undo}, {"id": "no", "type": "fail", "config": {"type": "x"}}
    bench.publish({**asks("w", *nodes, on_failure="fail", compensate_on_failure=True), "edges": [{"from": "a", "to": "no"}]})
    done(bench, started(bench, "w", "x"), "a.compensate", CALL)
    (one,) = told(bench, tmp_path, GROUPS)
    assert (one["node"], one["prompt"], one["calls"], one["unpriced"]) == ("a.compensate", "reply@1", 1, 0)
    assert one["usd"] == pytest.approx(USD)


def test_a_test_run_counts_nowhere(tmp_path: Path) -> None:
    bench = asking()
    bench.publish(asks("w", ask("a")))
    done(bench, started(bench, "w", "x", test=Plan()), "a", CALL)
    assert told(bench, tmp_path) == []


def test_a_call_that_nobody_knows_a_price_of_says_so(tmp_path: Path) -> None:
    bench = asking()
    node = {"id": "a", "type": "llm", "config": {"model": "ollama:nobody", "prompt": "hi"}}
    bench.publish({"name": "w", "nodes": [node]})
    done(bench, started(bench, "w", "x"), "a", ModelCall("ollama:nobody", 3, 4))
    (one,) = told(bench, tmp_path)
    assert (one["calls"], one["unpriced"], one["usd"], one["tokens"]["output"]) == (1, 1, 0, 4)


def test_odd_numbers_and_names_break_no_row(open_: Open, tmp_path: Path) -> None:  # noqa: F811
    bench = asking()
    bench.publish(asks("w", ask("a")))
    odd = ModelCall("m\0" * 500, 2**63, -5, first_token_ms=-1)
    done(bench, started(bench, "w", "x"), "a", odd, odd)
    (row,) = rows(bench, open_())
    assert (row.calls, row.input_tokens, row.output_tokens) == (2, 2 * COUNT_MAX, 0)
    assert len(row.model) == 200
    most = Spent()
    for _ in range(2):
        most.count(usd=SUM_MAX - 1)
    assert most.counts["usd"] == SUM_MAX
    assert cost_windows([row], "all", frozenset())[0]["usd"] <= 2 * COUNT_MAX / NANO


def test_what_was_spent_stays_where_the_rows_of_an_execution_go(open_: Open) -> None:  # noqa: F811
    models, begins, erases = open_(), Changes(), Changes()
    spent = Spent()
    spent.call(CALL, 7)
    begins.sums[COSTS] = {("w", 0, 1, "a", "ollama:s", "", 0): spent}
    store(models, begins)
    for model in READ_MODELS:
        for table in model.tables:
            erases.forget(table, 7)
            erases.clear(table, 7)
    store(models, erases)
    assert [(one.calls, one.usd) for one in models.select(costs_where(0, ALL))] == [(1, 7)]


@pytest.mark.parametrize("said", ["reply@", "reply@x", "reply@²", "reply@-1", "reply@9999999999"])
def test_a_prompt_that_is_none_is_named(said: str) -> None:
    with pytest.raises(ValueError, match="expected a prompt like reply or reply@4, found"):
        only_of(None, None, None, None, said)
