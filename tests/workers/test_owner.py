"""The owner: what is durable before anything is told, and what happens when appending fails or somebody else claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from contracts.codec import encode_decision, encode_record
from contracts.commands import CancelExecution, CompleteActivity, FailActivity, SendSignal, StartExecution
from contracts.errors import AppendUnknown, Fenced, LogError, LogFull, LogGone, Overloaded, Rejected
from contracts.events import ExecutionStarted
from contracts.failure import Failure
from contracts.journal import Decision, PartitionClaimed, Source
from contracts.ports.log import Topic
from infra.log.memory import MemoryLog
from tests.workers.harness import Bench, FaultyLog, another_claim, rewrite, sequence
from workers.partition.round import Answer
from workers.running.activity_worker import ActivityWorker

WAIT = {"name": "w", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]}


def faulty() -> tuple[FaultyLog, Bench]:
    log = FaultyLog()
    bench = Bench(log)
    bench.publish(sequence("noop", "noop"))
    return log, bench


def test_an_execution_runs_to_its_end_and_its_history_is_what_the_engine_decides() -> None:
    _, bench = faulty()
    execution = bench.start(given={"x": 1})
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.verify().divergences == []


def test_a_caller_hears_only_after_the_append() -> None:
    log, bench = faulty()
    told: list[int] = []
    log.faults.append(lambda faulted: told.append(len(answers)))
    answers: list[Answer] = []
    bench.start(reply=answers.append)
    bench.move()
    assert told == [0]
    assert len(answers) == 1


def test_a_full_disk_refuses_the_caller_and_stores_nothing() -> None:
    log, bench = faulty()
    answers: list[Answer] = []
    end = log.end("journal", 0)
    log.faults.append(LogFull("no room"))
    execution = bench.start(reply=answers.append)
    bench.engine.step()
    assert isinstance(answers[0].error, LogFull)
    assert log.end("journal", 0) == end
    bench.clock.advance(2_000)
    bench.move()
    assert bench.status(execution) == "unknown"


def test_what_the_engine_itself_had_to_do_is_done_once_there_is_room_again() -> None:
    log, bench = faulty()
    execution = bench.start()
    bench.engine.step()
    log.faults.append(LogFull("no room"))
    bench.move(time=False)
    bench.clock.advance(2_000)
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.verify().divergences == []


@pytest.mark.parametrize("claims_fail_with", [LogFull("no room"), AppendUnknown("disk I/O error")], ids=["full", "broken"])
def test_while_there_is_no_room_all_who_ask_are_refused_at_once_and_nothing_happens_later(claims_fail_with: LogError) -> None:
    log, bench = faulty()
    answers: list[Answer] = []
    log.faults.extend([LogFull("no room"), *[claims_fail_with] * 4])
    executions = []
    for pause_ms in (0, 0, 10, 1_000, 0, 10, 1_000):
        bench.clock.advance(pause_ms)
        executions.append(bench.start(reply=answers.append))
        bench.engine.step()
        assert len(answers) == len(executions)
    assert {type(answer.error) for answer in answers} == {LogFull, type(claims_fail_with)}
    log.faults.clear()
    bench.clock.advance(2_000)
    bench.move()
    assert {bench.status(execution) for execution in executions} == {"unknown"}
    later = bench.start()
    bench.move()
    assert bench.status(later) == "completed"


def test_while_there_is_no_room_what_may_have_landed_is_not_refused() -> None:
    log, bench = faulty()
    log.lands_anyway = True
    answers: list[Answer] = []
    log.faults.append(AppendUnknown("the disk said nothing"))
    first = bench.start(reply=answers.append)
    bench.engine.step()
    log.lands_anyway = False
    log.faults.extend([LogFull("no room")] * 3)
    bench.clock.advance(200)
    second = bench.start(reply=answers.append)
    bench.engine.step()
    assert [(answer.execution, type(answer.error)) for answer in answers] == [(second, LogFull)]
    log.faults.clear()
    bench.clock.advance(2_000)
    bench.move()
    assert [(answer.execution, answer.error) for answer in answers[1:]] == [(first, None)]
    assert bench.status(second) == "unknown"


def test_who_sees_that_the_log_was_taken_away_answers_nobody_and_goes_on_no_more() -> None:
    log, bench = faulty()
    answers: list[Answer] = []
    log.faults.extend([LogGone("renamed")] * 2)
    bench.start(reply=answers.append)
    with pytest.raises(LogGone):
        bench.engine.step()
    assert not bench.engine.owner.is_in_charge
    bench.engine.owner.snapshot()
    assert bench.snapshots.load(0) is None
    bench.clock.advance(2_000)
    with pytest.raises(LogGone):
        bench.engine.step()
    assert answers == []


@pytest.mark.parametrize("lands", [True, False])
def test_an_append_of_unknown_outcome_is_decided_once(lands: bool) -> None:
    log, bench = faulty()
    log.lands_anyway = lands
    answers: list[Answer] = []
    log.faults.append(AppendUnknown("timed out"))
    execution = bench.start(reply=answers.append)
    bench.engine.step()
    assert answers == []
    bench.clock.advance(1_000)
    bench.move()
    assert [answer.error for answer in answers] == [None]
    assert bench.events(execution).count("ExecutionCreated") == 1
    assert bench.status(execution) == "completed"


def test_an_owner_that_was_thrown_out_does_nothing_and_tells_nobody() -> None:
    log, bench = faulty()
    answers: list[Answer] = []
    log.faults.append(another_claim)
    execution = bench.start(reply=answers.append)
    bench.engine.step()
    assert answers == []
    assert bench.engine.owner.metrics.stand_downs == 1
    assert bench.entries(execution) == []


def test_after_standing_down_it_claims_again_and_goes_on() -> None:
    log, bench = faulty()
    log.faults.append(another_claim)
    execution = bench.start()
    bench.move(time=False)
    bench.clock.advance(1_000)
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.engine.owner.metrics.claims == 2
    assert bench.verify().divergences == []


def test_an_owner_that_stood_down_keeps_no_snapshot_of_what_may_never_have_happened() -> None:
    log, bench = faulty()
    log.faults.append(AppendUnknown("gone"))
    execution = bench.start()
    bench.engine.stop()
    bench.restart()
    assert bench.status(execution) == "unknown"


def test_a_takeover_calls_off_what_somebody_else_has_cancelled() -> None:
    log, bench = faulty()
    bench.publish({"name": "w", "nodes": [{"id": "n", "type": "noop"}]})
    worker = bench.engine.worker
    assert isinstance(worker, ActivityWorker)
    execution = bench.start()
    bench.engine.owner.step()
    assert worker.in_hand == 1
    log.faults.append(AppendUnknown("landed, and nobody knows"))
    log.lands_anyway = True
    bench.engine.send(execution, CancelExecution())
    bench.engine.owner.step()
    assert worker.in_hand == 1
    bench.clock.advance(1_000)
    bench.engine.owner.step()
    assert worker.in_hand == 0


def test_a_clock_that_is_set_back_does_not_stop_an_owner() -> None:
    log, bench = faulty()
    log.faults.append(AppendUnknown("gone"))
    execution = bench.start()
    bench.engine.owner.step()
    bench.clock.set(1_000)
    bench.engine.owner.step()
    bench.clock.advance(1_000)
    bench.move()
    assert bench.status(execution) == "completed"


def test_a_timer_that_is_not_due_any_more_when_it_is_decided_comes_again() -> None:
    _, bench = faulty()
    bench.publish({"name": "w", "nodes": [{"id": "d", "type": "delay", "config": {"for": "1s"}}]})
    execution = bench.start()
    bench.move(time=False)
    owner, due = bench.engine.owner, bench.clock.now() + 1_000
    bench.clock.set(due)
    owner.collect(due)  # as where more commands wait than fit into a round
    bench.clock.set(due - 500)
    bench.move(time=False)
    assert bench.status(execution) == "running"
    bench.clock.set(due)
    bench.move(time=False)
    assert bench.status(execution) == "completed"


def test_an_owner_in_charge_does_not_pause_when_the_clock_is_set_back() -> None:
    log, bench = faulty()
    log.faults.append(AppendUnknown("gone"))
    bench.start()
    bench.engine.owner.step()
    bench.clock.advance(1_000)
    bench.engine.owner.step()
    bench.clock.set(1_000)
    assert bench.engine.owner.step()


def test_foreign_records_in_between_are_no_reason_to_stand_down() -> None:
    log, bench = faulty()

    def stray(faulted: FaultyLog) -> None:
        decision = Decision(Source(0, 999), "zombie", 1, 1, StartExecution(), (ExecutionStarted(),))
        record, _ = encode_decision(decision, b"zombie!!", b"")
        MemoryLog.append(faulted, "journal", {0: [record]})

    log.faults.append(stray)
    execution = bench.start()
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.engine.owner.metrics.stand_downs == 0
    assert bench.engine.owner.metrics.foreign == 1
    assert bench.verify().divergences == []


def test_two_engines_on_one_log_are_harmless() -> None:
    _, bench = faulty()
    old = bench.engine
    execution = bench.start()
    old.step()
    bench.restart()
    bench.move()
    assert bench.status(execution) == "completed"
    old.send(execution, CancelExecution())
    for _ in range(3):
        old.step()
    assert bench.events(execution)[-1] == "ExecutionCompleted"
    assert bench.verify().divergences == []


def test_a_round_that_appends_nothing_is_not_answered_by_an_owner_that_was_thrown_out() -> None:
    log, bench = faulty()
    execution = bench.start(execution="mine")
    bench.move()
    another_claim(log)
    answers: list[Answer] = []
    bench.engine.start("w", execution=execution, reply=answers.append)
    bench.engine.step()
    assert answers == []


def test_a_claim_that_loses_the_race_is_not_an_owner() -> None:
    log, bench = faulty()
    overtaken = bench.engine.owner

    def claim_after(faulted: FaultyLog) -> None:
        real = MemoryLog.append

        def once(topic: Topic, batches: Mapping[int, Sequence[bytes]]) -> dict[int, int | LogError]:
            faulted.append = lambda *args: FaultyLog.append(faulted, *args)  # type: ignore[method-assign]  # once
            answer = real(faulted, topic, batches)
            real(faulted, "journal", {0: [encode_record(PartitionClaimed(b"intruder", "other"))]})
            return answer

        faulted.append = once  # type: ignore[method-assign]  # once

    claim_after(log)
    with pytest.raises(Fenced):
        overtaken.claim()


def test_a_restart_in_the_middle_goes_on_by_itself() -> None:
    _, bench = faulty()
    execution = bench.start()
    bench.engine.step()
    bench.restart()
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.events(execution).count("NodeCompleted") == 2


def test_an_execution_that_waits_costs_nothing_and_survives_restarts() -> None:
    bench = Bench()
    bench.publish(WAIT)
    execution = bench.start()
    bench.move()
    bench.restart()
    bench.move()
    assert bench.ask(execution, SendSignal("s", "go", b"1")).error is None
    assert bench.status(execution) == "completed"


def test_timers_are_armed_again_after_a_restart() -> None:
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": "d", "type": "delay", "config": {"for": "1h"}}]})
    execution = bench.start()
    bench.move(time=False)
    bench.restart()
    bench.move(time=False)
    assert bench.status(execution) == "running"
    bench.clock.advance(3_600_000)
    bench.move(time=False)
    assert bench.status(execution) == "completed"


def test_a_repeated_start_is_the_first_one() -> None:
    _, bench = faulty()
    answers: list[Answer] = []
    for _ in range(2):
        bench.start(execution="order-1", given={"x": 1}, reply=answers.append)
    bench.move()
    bench.start(execution="order-1", given={"x": 1}, reply=answers.append)
    bench.move()
    assert [answer.error for answer in answers] == [None, None, None]
    assert [answer.repeated for answer in answers] == [False, True, True]
    assert bench.events("order-1").count("ExecutionCreated") == 1


def test_another_start_under_the_same_id_is_refused() -> None:
    _, bench = faulty()
    bench.start(execution="order-1", given={"x": 1})
    bench.move()
    answers: list[Answer] = []
    bench.start(execution="order-1", given={"x": 2}, reply=answers.append)
    bench.move()
    error = answers[0].error
    assert isinstance(error, Rejected)
    assert error.reason == "already_exists"


def test_an_unknown_execution_is_named() -> None:
    _, bench = faulty()
    error = bench.ask("nobody", SendSignal("s", "go", b"1")).error
    assert isinstance(error, Rejected)
    assert error.reason == "unknown_execution"
    assert "nobody" in str(error)


def test_a_signal_to_a_finished_execution_is_told_its_status() -> None:
    _, bench = faulty()
    execution = bench.start()
    bench.move()
    error = bench.ask(execution, SendSignal("s", "go", b"1")).error
    assert isinstance(error, Rejected)
    assert error.details["status"] == "completed"


def test_a_late_result_is_recorded_as_a_rejection_and_changes_nothing() -> None:
    bench = Bench()
    bench.publish(sequence("noop", "wait_signal"))
    definition = sequence("noop")
    definition["nodes"].append({"id": "wait", "type": "wait_signal", "config": {"name": "go"}})
    bench.publish(definition)
    execution = bench.start()
    bench.move()
    before = bench.events(execution)
    bench.engine.owner.report(execution, CompleteActivity("n0", 1, b'"again"'))
    bench.move()
    assert bench.events(execution) == before
    assert "n0" in (bench.entries(execution)[-1].decision.rejection or "")
    assert bench.verify().divergences == []
    bench.restart()
    assert bench.ask(execution, SendSignal("s", "go", b"1")).error is None
    assert bench.verify().divergences == []


def waiting_with_a_late(command: CompleteActivity | FailActivity) -> Bench:
    bench = Bench(MemoryLog(record_bytes_max=300_000))
    bench.publish(WAIT)
    execution = bench.start()
    bench.engine.owner.report(execution, command)
    bench.move()
    assert bench.status(execution) == "running"
    return bench


def test_a_late_result_that_is_big_lies_in_the_blobs() -> None:
    bench = waiting_with_a_late(CompleteActivity("wait", 2, b'"%s"' % (b"x" * 100_000)))
    assert max(len(content) for _, content in bench.log.read("journal", 0)) < 2_000
    assert bench.verify().divergences == []


def test_a_late_failure_that_is_too_large_for_the_log_harms_nobody() -> None:
    bench = waiting_with_a_late(FailActivity("wait", 2, Failure("boom", "x" * 400_000)))
    assert bench.engine.owner.is_in_charge


def test_too_many_waiting_commands_are_refused_not_queued() -> None:
    bench = Bench(inbox_max=3)
    bench.publish(WAIT)
    for _ in range(3):
        bench.start()
    with pytest.raises(Overloaded):
        bench.start()


def test_a_request_that_a_bug_cannot_decide_is_refused_and_has_changed_nothing() -> None:
    bench = Bench()
    bench.publish(WAIT)
    poisoned, healthy = bench.start(), bench.start()
    bench.move()
    folded = bench.engine.owner.executions.get(poisoned)
    assert folded is not None
    folded.state.waiting.append("nowhere")
    folded.state.runs["nowhere"] = folded.state.runs["wait"]
    folded.state.waiting.remove("wait")
    folded.state.runs["wait"].memo = None
    answer = bench.ask(poisoned, SendSignal("s", "go", b"1"))
    assert answer.error is not None
    assert bench.status(poisoned) == "running"
    for execution in (poisoned, healthy):
        assert bench.ask(execution, SendSignal("s", "go", b"1")).error is None
        assert bench.status(execution) == "completed"
    assert bench.verify().divergences == []


def test_a_decision_too_large_for_the_log_is_an_incident_of_its_execution() -> None:
    log = MemoryLog(record_bytes_max=20_000)
    bench = Bench(log)
    bench.publish(sequence("noop", "noop"))
    small, large = bench.start(given={"x": 1}), bench.start(given={"x": 1})
    bench.engine.step()
    bench.engine.owner.report(large, CompleteActivity("n0", 1, b'"' + b"x" * 30_000 + b'"'))
    bench.move()
    assert bench.status(large) == "incident"
    assert bench.status(small) == "completed"
    assert bench.verify().divergences == []


def test_a_big_value_goes_to_the_blobs_and_is_found_again() -> None:
    bench = Bench()
    bench.publish(sequence("noop", "noop", output="{{ size(nodes.n0.output.text) }}"))
    execution = bench.start(given={"text": "x" * 100_000})
    bench.move()
    assert bench.status(execution) == "completed"
    assert bench.verify().divergences == []


def test_a_record_this_build_does_not_know_sets_one_execution_aside() -> None:
    bench = Bench()
    bench.publish(WAIT)
    one, other = bench.start(), bench.start()
    bench.move()
    offset = bench.entries(one)[0].offset

    def newer(fields: list[Any]) -> list[Any]:
        import msgspec

        body = msgspec.msgpack.decode(fields[4])
        body[5].append([999, "from the future"])
        fields[4] = msgspec.msgpack.encode(body)
        return fields

    rewrite(bench.log, offset, newer)
    bench.restart()
    error = bench.ask(one, SendSignal("s", "go", b"1")).error
    assert isinstance(error, Rejected)
    assert error.reason == "quarantined"
    assert bench.ask(other, SendSignal("s", "go", b"1")).error is None


def test_a_changed_record_is_found_by_its_digest() -> None:
    bench = Bench()
    bench.publish(WAIT)
    execution = bench.start(given={"amount": 10})
    bench.move()
    offset = bench.entries(execution)[0].offset

    def forged(fields: list[Any]) -> list[Any]:
        fields[4] = fields[4].replace(b'"amount":10', b'"amount":99')
        return fields

    rewrite(bench.log, offset, forged)
    assert "digest" in bench.verify().divergences[0].found
    bench.restart()
    assert bench.ask(execution, SendSignal("s", "go", b"1")).error is not None


def test_a_big_value_never_lies_in_the_journal() -> None:
    bench = Bench()
    bench.publish(WAIT)
    execution = bench.start(given={"text": "x" * 100_000})
    bench.move()
    assert len(list(bench.log.read("journal", 0))[-1][1]) < 2_000
    assert bench.ask(execution, SendSignal("s", "go", b'"' + b"y" * 100_000 + b'"')).error is None
    assert bench.status(execution) == "completed"
    assert max(len(content) for _, content in bench.log.read("journal", 0)) < 2_000
    assert bench.verify().divergences == []


def test_a_value_over_the_limit_is_refused_by_its_size() -> None:
    bench = Bench()
    bench.publish(WAIT)
    execution = bench.start()
    bench.move()
    error = bench.ask(execution, SendSignal("s", "go", b'"' + b"y" * 17_000_000 + b'"')).error
    assert isinstance(error, Rejected)
    assert error.reason == "too_large"


def test_no_room_for_a_big_value_refuses_and_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.publish(WAIT)
    execution = bench.start()
    bench.move()

    def full(content: bytes) -> str:
        raise LogFull("no room")

    with monkeypatch.context() as patched:
        patched.setattr(bench.blobs, "put", full)
        answer = bench.ask(execution, SendSignal("s", "go", b'"' + b"y" * 100_000 + b'"'))
    assert isinstance(answer.error, LogFull)
    bench.clock.advance(2_000)
    bench.move()
    assert bench.status(execution) == "running"


def test_who_watches_hears_of_an_end_whose_acknowledgement_was_lost() -> None:
    log, bench = faulty()
    log.lands_anyway = True
    ended: list[str] = []
    execution = bench.start()
    bench.engine.owner.watchers.add(execution, lambda state: ended.append(state.status))
    bench.engine.step()
    log.faults.extend([None, AppendUnknown("timed out")])
    bench.move(time=False)
    assert ended == []
    bench.clock.advance(1_000)
    bench.move()
    assert ended == ["completed"]


BOMB = {
    "name": "bomb",
    "nodes": [
        {"id": "work", "type": "noop"},
        {
            "id": "outer",
            "type": "repeat",
            "config": {
                "times": 1000,
                "body": {
                    "nodes": [
                        {"id": "inner", "type": "repeat", "config": {"times": 1000, "body": {"nodes": [{"id": "n", "type": "start"}]}}}
                    ]
                },
            },
        },
    ],
    "edges": [{"from": "work", "to": "outer"}],
}


def test_loops_without_end_in_one_decision_are_an_incident_and_hold_up_nobody() -> None:
    bench = Bench()
    bench.publish(BOMB, WAIT)
    bomb, other = bench.start("bomb"), bench.start()
    bench.move()
    assert bench.status(bomb) == "incident"
    assert bench.ask(other, SendSignal("s", "go", b"1")).error is None
    assert bench.verify().divergences == []


def test_loops_without_end_end_alike_at_the_start_and_elsewhere() -> None:
    bench = Bench()
    bench.publish({**BOMB, "name": "first", "nodes": BOMB["nodes"][1:], "edges": []}, BOMB)
    incidents = []
    for name in ("first", "bomb"):
        execution = bench.start(name)
        bench.move()
        folded = bench.engine.owner.executions.get(execution)
        assert folded is not None
        (incident,) = folded.state.incidents.values()
        incidents.append((incident.failure.type, incident.failure.message))
    assert incidents[0] == incidents[1]
    assert incidents[0][0] == "loop.limit"


def test_a_repeated_start_with_a_big_input_is_the_first_one_also_after_its_end() -> None:
    _, bench = faulty()
    answers: list[Answer] = []
    for _ in range(2):
        bench.start(execution="order-1", given={"text": "x" * 100_000}, reply=answers.append)
        bench.move()
    assert [(answer.error, answer.repeated) for answer in answers] == [(None, False), (None, True)]
