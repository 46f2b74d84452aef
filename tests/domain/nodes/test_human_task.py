"""`human_task`: people are asked, and the node waits for their answer."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.errors import Rejected
from contracts.failure import Failure
from contracts.person import Person
from domain.channels import CHANNELS
from domain.channels.channel import Channel
from domain.definition.validate import check
from projections.waiting import in_words, is_moving, waiting_for
from tests.domain.spec import World, document_of, run

TASK = """
nodes:
  - id: t
    type: human_task
    config: {question: "Pay {{ input.amount }} €?", %s}
  - {id: yes, type: noop}
  - {id: no, type: noop}
  - {id: late, type: noop}
edges: [{from: t.approved, to: yes}, {from: t.rejected, to: no}, {from: t.timeout, to: late}]
"""
SEVERAL = "assignees: [ada, bob, cyd], approval_threshold: 2"
DECISION = """
nodes:
  - id: t
    type: human_task
    config: {kind: decision, question: Which?, options: [{port: left, label: To the left}, {port: right}], assignees: ada}
  - {id: l, type: noop}
  - {id: r, type: noop}
edges: [{from: t.left, to: l}, {from: t.right, to: r}]
"""
REVIEW = """
nodes:
  - id: t
    type: human_task
    config: {kind: review, question: Good?, content: {text: "{{ input.text }}"}}
  - {id: yes, type: noop}
  - {id: again, type: noop}
edges: [{from: t.approved, to: yes}, {from: t.changes_requested, to: again}]
"""
FORM = """
nodes:
  - id: t
    type: human_task
    config: {kind: data_input, question: How many?, form: {type: object, required: [n], properties: {n: {type: integer, minimum: 1}}}}
  - {id: yes, type: noop}
  - {id: no, type: noop}
edges: [{from: t.approved, to: yes}, {from: t.rejected, to: no}]
"""


def answer(
    by: str, port: str = "approved", data: Any = None, *, groups: tuple[str, ...] = (), path: str = "t", **more: Any
) -> c.AnswerTask:
    given = None if data is None else values.encode(data)
    return c.AnswerTask(path, more.pop("attempt", 1), port, Person(by, groups, "web", "10.0.0.7"), given, **more)


def asked(config: str = "assignees: [ada]", given: Any = None) -> World:
    """A world in which people are asked, and the clock stands."""
    return World(TASK % config).start_paused_in_time(0, given or {"amount": 5})


def reasons(world: World) -> list[str]:
    return [rejected.reason for _, rejected in world.rejections]


def answered(world: World, *commands: c.Command) -> World:
    """These come at once; then the clock stands again."""
    since = world.now - 1_000_000
    return world.at(since, *commands).go_on(since)


def test_it_waits_for_people_and_says_for_whom() -> None:
    world = asked("assignees: [ada, 'group:crew'], timeout: 1h")
    subject = world.subjects["x"]
    (item,) = waiting_for(subject.state, subject.graph)
    assert (world.waits, is_moving(subject.state, subject.graph)) == (["task t"], False)
    assert (item["for"], item["task"], item["people"], item["question"]) == ("task", "x~t@1", ["ada", "group:crew"], "Pay 5 €?")
    assert in_words(item) == "task t of ada, group:crew"


def test_an_answer_leads_to_its_port_and_the_output_says_who_gave_it() -> None:
    world = answered(asked(), answer("ada", "rejected", {"why": "too much"}, comment="No."))
    assert world.ran == ["no"]
    (call,) = world.runs
    assert {name: call.input[name] for name in ("outcome", "by_itself", "data", "comment")} == {
        "outcome": "rejected", "by_itself": None, "data": {"why": "too much"}, "comment": "No.",
    }  # fmt: skip
    (said,) = call.input["answers"]
    assert (said["by"], said["port"], said["channel"], said["at"]) == ("ada", "rejected", "web", "1970-01-01T00:16:40.000Z")


def test_somebody_who_is_not_asked_changes_nothing() -> None:
    world = answered(asked("assignees: [ada, 'group:crew']"), answer("eve"), answer("eve", groups=("others",)))
    assert (reasons(world), world.waits) == (["not_asked", "not_asked"], ["task t"])


def test_a_group_is_asked_and_large_letters_make_nobody_another_one() -> None:
    assert answered(asked("assignees: ['group:Crew']"), answer("eve", groups=("x", "crew"))).ran == ["yes"]
    assert answered(asked("assignees: [Ada@Example.com]"), answer(" ada@example.COM")).ran == ["yes"]


def test_where_nobody_is_named_anybody_answers() -> None:
    assert answered(asked("timeout: 1h"), answer("anonymous")).ran == ["yes"]


def test_a_threshold_counts_distinct_people() -> None:
    world = answered(asked(SEVERAL), answer("ada"), answer("ADA"), answer("ada", "rejected"))
    assert (reasons(world), world.waits, world.ran) == (["already_answered"] * 2, ["task t"], [])
    assert answered(world, answer("cyd")).ran == ["yes"]
    assert [one.decides for one in world.events(e.TaskAnswered)] == [False, True]


def test_one_rejection_is_enough_unless_more_are_asked_for() -> None:
    assert answered(asked(SEVERAL), answer("ada"), answer("bob", "rejected")).ran == ["no"]
    world = answered(asked(f"{SEVERAL}, rejection_threshold: 2"), answer("ada"), answer("bob", "rejected"))
    assert world.waits == ["task t"]
    assert answered(world, answer("cyd", "rejected")).ran == ["no"]


def test_a_late_answer_says_so() -> None:
    world = answered(answered(asked(SEVERAL), answer("ada"), answer("bob")), answer("cyd"))
    assert (reasons(world), world.ran) == (["already_ended"], ["yes"])
    world = World(TASK.replace("{id: yes, type: noop}", "{id: yes, type: never}") % SEVERAL).start_paused_in_time(0, {"amount": 5})
    answered(world, answer("ada"), answer("bob"), answer("cyd"))
    assert reasons(world) == ["stale_task"]


def test_an_answer_to_an_earlier_attempt_is_stale() -> None:
    world = asked("assignees: [ada]")
    assert reasons(answered(world, answer("ada", attempt=2))) == ["stale_task"]


def test_data_is_checked_against_the_form() -> None:
    world = World(FORM).start_paused_in_time(0)
    answered(world, answer("ada"), answer("ada", data={"n": 0}), answer("ada", data=7))
    assert reasons(world) == ["input.invalid"] * 3
    assert "/data/n" in str(world.rejections[1][1])
    answered(world, answer("ada", data={"n": 3}))
    assert [call.input["data"] for call in world.runs] == [{"n": 3}]


def test_who_declines_to_enter_data_need_not_enter_any() -> None:
    assert answered(World(FORM).start_paused_in_time(0), answer("ada", "rejected")).ran == ["no"]


def test_a_decision_has_a_port_for_each_option() -> None:
    world = World(DECISION).start_paused_in_time(0)
    answered(world, answer("ada", "approved"), answer("ada", "timeout"), answer("ada", "right"))
    assert (reasons(world), world.ran) == (["input.invalid"] * 2, ["r"])


def test_a_review_gives_the_content_back_as_it_was_edited() -> None:
    edited = answer("ada", content=b'{"text":"better"}')
    assert [call.input["content"] for call in answered(World(REVIEW).start_paused_in_time(0, {"text": "bad"}), edited).runs] == [
        {"text": "better"}
    ]
    plain = answered(World(REVIEW).start_paused_in_time(0, {"text": "good"}), answer("ada"))
    assert [call.input["content"] for call in plain.runs] == [{"text": "good"}]
    more = answered(World(REVIEW).start_paused_in_time(0, {"text": "bad"}), answer("ada", "changes_requested", comment="shorter"))
    assert [(call.path, call.input["comment"]) for call in more.runs] == [("again", "shorter")]


def test_content_is_edited_in_a_review_only() -> None:
    assert reasons(answered(asked(), answer("ada", content=b"1"))) == ["input.invalid"]


def test_whoever_claims_it_answers_alone_until_they_release_it() -> None:
    world = answered(asked("assignees: [ada, bob]"), c.ClaimTask("t", 1, Person("ada")), c.ClaimTask("t", 1, Person("Ada")))
    answered(world, answer("bob"), c.ClaimTask("t", 1, Person("bob")), c.ClaimTask("t", 1, Person("eve")))
    assert reasons(world) == ["claimed", "claimed", "not_asked"]
    assert len(world.events(e.TaskClaimed)) == 1
    answered(world, c.ReleaseTask("t", 1, Person("bob")), answer("bob"))
    assert world.ran == ["yes"]


def test_what_several_are_to_answer_nobody_claims() -> None:
    assert reasons(answered(asked(SEVERAL), c.ClaimTask("t", 1, Person("ada")))) == ["needs_several"]


def test_whoever_hands_it_on_is_not_asked_any_more() -> None:
    world = answered(asked("assignees: [ada]"), c.DelegateTask("t", 1, "bob", Person("ada"), "I am away"))
    answered(world, answer("ada"), answer("bob"))
    assert (reasons(world), world.ran) == (["not_asked"], ["yes"])


def test_it_is_handed_on_to_nobody_who_is_asked_already_and_by_nobody_who_has_answered() -> None:
    world = answered(asked(SEVERAL), answer("ada"))
    answered(world, c.DelegateTask("t", 1, "bob", Person("cyd")), c.DelegateTask("t", 1, "dan", Person("ada")))
    answered(world, c.DelegateTask("t", 1, "dan", Person("eve")), c.DelegateTask("t", 1, " ", Person("bob")))
    assert reasons(world) == ["already_asked", "already_answered", "not_asked", "input.invalid"]


def test_comments_and_files_are_facts() -> None:
    world = asked()
    bill = c.CommentTask("t", 1, "2", Person("ada"), "", "bill.pdf", "application/pdf", b'"QUJD"')
    answered(world, c.CommentTask("t", 1, "1", Person("ada"), "hm"), bill, bill, c.CommentTask("t", 1, "3", Person("ada")))
    assert [event.number for event in world.events(e.TaskCommented)] == [0, 1]
    assert reasons(world) == ["nothing_said"]
    memo: Any = world.state().runs["t"].memo
    assert [(one.number, one.name, one.content) for one in memo.attachments] == [(1, "bill.pdf", b'"QUJD"')]


# Time.


def test_without_an_answer_it_leaves_by_its_port_or_fails() -> None:
    assert run(TASK % "timeout: 1h", {"amount": 5}).ran == ["late"]
    world = run((TASK % "timeout: 1h").replace(", {from: t.timeout, to: late}", ""), {"amount": 5})
    assert (world.error, world.events(e.TaskExpired)) == ("task.timeout", [e.TaskExpired("t", 1)])
    assert run(TASK % "timeout: 1h, on_timeout: fail", {"amount": 5}).error == "task.timeout"


@pytest.mark.parametrize(("word", "port"), [("auto_reject", "no"), ("auto_approve", "yes")])
def test_or_somebody_is_taken_to_have_answered(word: str, port: str) -> None:
    world = run(TASK % f"timeout: 1h, on_timeout: {word}", {"amount": 5})
    assert (world.ran, world.took_ms, world.runs[0].input["by_itself"]) == ([port], 3_600_000, "timeout")


def test_or_others_are_asked_once_more() -> None:
    escalating = "assignees: [ada], timeout: 1h, on_timeout: escalate, escalate_to: ['{{ input.boss }}'], reminders: [10m]"
    world = World(TASK % escalating).at(3_600_001, answer("ada"), answer("bob")).start({"amount": 5, "boss": "bob"})
    assert (reasons(world), world.ran, world.took_ms) == (["not_asked"], ["yes"], 3_600_001)
    world = World(TASK % escalating).start({"amount": 5, "boss": "bob"})
    assert (world.ran, world.took_ms, len(world.events(e.TaskReminded)), len(world.events(e.TaskEscalated))) == (["late"], 7_200_000, 2, 1)


def test_reminders_come_in_their_order_and_those_missed_in_a_pause_are_one() -> None:
    config = "timeout: 24h, reminders: [8h, 1h, 2h]"
    assert [one.number for one in run(TASK % config, {"amount": 5}).events(e.TaskReminded)] == [1, 2, 3]
    world = World(TASK % config).at(1, c.PauseExecution()).at(9 * 3_600_000, c.ResumeExecution()).start({"amount": 5})
    assert [one.number for one in world.events(e.TaskReminded)] == [1]


def test_an_answer_in_a_pause_counts_when_the_execution_goes_on() -> None:
    world = answered(
        asked("assignees: [ada], timeout: 1h"), c.PauseExecution(), answer("ada", "approved", {"n": 1}), answer("ada", "rejected")
    )
    assert (reasons(world), world.ran) == (["already_answered"], [])
    world.at(2 * 3_600_000, c.ResumeExecution()).go_on()
    assert (world.ran, world.runs[0].input["data"]) == (["yes"], {"n": 1})


# Ends.


def test_a_cancelled_node_asks_nobody_any_more() -> None:
    world = answered(asked(), c.CancelExecution())
    assert (world.status, world.paths(e.TaskWithdrawn)) == ("cancelled", ["t"])


@pytest.mark.parametrize("command", [c.TerminateExecution("now"), c.QuarantineExecution("a bug")])
def test_the_end_of_the_execution_withdraws_it(command: c.Command) -> None:
    assert answered(asked(), command).paths(e.TaskWithdrawn) == ["t"]


def test_a_limit_of_the_node_withdraws_it_and_the_next_attempt_asks_anew() -> None:
    limited = TASK.replace("type: human_task", "type: human_task\n    timeout: 1h\n    retry: {max_attempts: 2}") % "timeout: 3h"
    world = World(limited).at(1, c.ClaimTask("t", 1, Person("ada"))).start({"amount": 5})
    assert (world.error, world.paths(e.TaskWithdrawn), len(world.events(e.TaskCreated))) == ("timeout.start_to_close", ["t", "t"], 2)


def test_a_loser_is_withdrawn() -> None:
    world = run(
        "nodes: [{id: t, type: human_task, config: {question: Q}}, {id: a, type: a}, {id: j, type: noop, join: any}]\n"
        "edges: [{from: t.approved, to: j}, {from: a, to: j}]"
    )
    assert (world.status, world.paths(e.TaskWithdrawn)) == ("completed", ["t"])


# By itself.


def test_what_its_condition_does_not_ask_about_approves_itself() -> None:
    config = "condition: 'input.amount > 10'"
    world = run(TASK % config, {"amount": 5})
    assert (world.ran, world.events(e.TaskCreated), world.runs[0].input["by_itself"]) == (["yes"], [], "condition")
    assert asked(config, {"amount": 11}).waits == ["task t"]


def test_an_amount_below_approves_itself() -> None:
    config = "amount: input.amount, auto_approve_below: 1000"
    assert run(TASK % config, {"amount": 999.99}).runs[0].input["by_itself"] == "auto_approve_below"
    assert asked(config, {"amount": 1000}).waits == ["task t"]
    assert run(TASK % config, {"amount": "much"}).error == "expression"


def test_people_who_could_never_decide_are_not_asked() -> None:
    world = run(TASK % "assignees: '{{ input.who }}', approval_threshold: 2", {"amount": 5, "who": ["ada"]})
    assert (world.error, world.events(e.TaskCreated)) == ("task.undecidable", [])


@pytest.mark.parametrize("who", [[""], 7, ["a,b"], ["x" * 300], [None], ["a\nb"]])
def test_what_is_nobodys_name_is_an_expression_error(who: Any) -> None:
    assert run(TASK % "assignees: '{{ input.who }}'", {"amount": 5, "who": who}).error == "expression"


# When it is published.


@pytest.mark.parametrize(
    ("config", "path", "rule"),
    [
        ("approval_threshold: 2, assignees: [ada]", "approval_threshold", "undecidable"),
        ("rejection_threshold: 2, approval_threshold: 2, assignees: [ada, bob]", "approval_threshold", "undecidable"),
        ("channels: [pigeon]", "channels[0]", "unknown_channel"),
        ("channels: [{web: there}]", "channels[0]", "channel"),
        ("channels: [[]]", "channels[0]", "channel"),
        ("assignees: ['']", "assignees[0]", "name"),
        ("timeout: 1h, on_timeout: escalate, escalate_to: ['a,b']", "escalate_to[0]", "name"),
        ("reminders: [soon]", "reminders[0]", "duration"),
        ("form: {type: nothing}", "form.type", "input_schema"),
        ("form: {$ref: 'https://example.com'}", "form.$ref", "input_schema"),
        ("options: [{port: approved}]", "options[0].port", "reserved_port"),
        ("options: [{port: timeout}]", "options[0].port", "reserved_port"),
        ("options: [{port: a}, {port: a}]", "options[1].port", "doubled_port"),
        ("kind: decision, options: [{port: a}], timeout: 1h, on_timeout: auto_approve", "on_timeout", "no_port"),
        ("kind: decision, options: [{port: a}], condition: 'true'", "condition", "no_port"),
    ],
)
def test_what_is_wrong_with_a_config_is_told_with_its_place_and_a_way_out(config: str, path: str, rule: str) -> None:
    problems = found(config)
    assert [(problem.path, problem.rule) for problem in problems if problem.fix] == [(f"nodes[0].config.{path}", rule)]


@pytest.mark.parametrize(
    "config",
    ["kind: decision", "kind: data_input", "on_timeout: fail", "amount: '1'", "timeout: 1h, on_timeout: escalate", "escalate_to: ada"],
)
def test_what_does_not_go_together_is_told(config: str) -> None:
    assert [problem.path for problem in found(config)] == ["nodes[0].config"]


def found(config: str) -> Any:
    from tests.domain.spec import document_of

    return check(document_of(f"nodes: [{{id: t, type: human_task, config: {{question: Q, {config}}}}}]"), {}).problems


# Channels that something is sent by.


class Pigeon(Channel):
    """Carries a note."""

    name = "pigeon"
    summary = "carries a note"


@pytest.fixture
def with_pigeons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "pigeon", Pigeon())


FLYING = "assignees: [ada], channels: [web, {pigeon: '{{ input.loft }}'}], timeout: 2h, reminders: [1h]"


@pytest.mark.usefixtures("with_pigeons")
def test_each_version_of_a_task_is_told_once_by_each_channel() -> None:
    world = asked(FLYING, {"amount": 5, "loft": "north"}).go_on(3_600_000)
    notices = world.events(e.TaskNoticeStarted)
    assert [(one.child, one.version, one.about) for one in notices] == [
        ("x~t.notice(1.1)", 1, "created"), ("x~t.notice(2.1)", 2, "reminded"),
    ]  # fmt: skip
    assert [(one.channel, one.about) for one in world.events(e.TaskNotified)] == [("web", "created"), ("web", "reminded")]


def test_a_target_that_is_none_is_an_expression_error(with_pigeons: None) -> None:
    assert asked(FLYING, {"amount": 5, "loft": ""}).error == "expression"


@pytest.mark.usefixtures("with_pigeons")
def test_what_a_channel_gave_comes_back_when_it_tells_that_nobody_is_asked_any_more() -> None:
    world = flown()
    report = c.ReportChild("t", "x~t.notice(1.1)", "completed", b'{"ring":7}')
    answered(world, report, report, answer("ada"))
    assert [(one.channel, one.version, one.child) for one in world.events(e.TaskNotified)] == [
        ("web", 1, ""),
        ("pigeon", 1, "x~t.notice(1.1)"),
    ]
    last: Any = world.events(e.ChildStarted)[-1]
    said = values.decode(last.input)
    assert (said["about"], said["sent"], said["target"], said["answered"][0]["by"]) == ("answered", {"ring": 7}, "north", "ada")
    assert (world.status, last.detached) == ("completed", True)


@pytest.mark.usefixtures("with_pigeons")
def test_what_has_not_been_sent_when_it_is_answered_never_is() -> None:
    world = answered(flown(), answer("ada"))
    assert world.events(e.ChildCancelRequested) == [e.ChildCancelRequested("t", "x~t.notice(1.1)", True)]
    assert (world.status, len(world.events(e.TaskNoticeStarted))) == ("completed", 1)


def test_what_stands_until_it_is_changed_hears_that_it_is_over_also_where_nobody_knows_if_it_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CHANNELS, "pigeon", Pigeon())
    monkeypatch.setattr(CHANNELS["pigeon"], "stands", True)
    world = answered(flown(), answer("ada"))
    assert world.events(e.ChildCancelRequested) == [e.ChildCancelRequested("t", "x~t.notice(1.1)", True)]
    assert [(one.child, one.about) for one in world.events(e.TaskNoticeStarted)] == [
        ("x~t.notice(1.1)", "created"),
        ("x~t.notice(2.1)", "answered"),
    ]
    assert values.decode(world.events(e.ChildStarted)[-1].input)["sent"] is None


def flown() -> World:
    """A world in which the note is on its way, and nothing comes back by itself."""
    world = World(TASK % FLYING, {"child": "nodes: [{id: a, type: never}]"})
    world.graphs["refold.notify"] = world.graphs["child"]
    return world.start_paused_in_time(0, {"amount": 5, "loft": "north"})


def test_a_refusal_names_the_reason_for_programs() -> None:
    (_, rejected), *_ = answered(asked(), answer("eve")).rejections
    assert isinstance(rejected, Rejected)
    assert rejected.details == {"person": "eve"}


# What nobody could answer.


@pytest.mark.parametrize("text", ['""', '"  "', "null", '"{{ input.none }}"', '"{{ input.blank }}"'])
def test_nobody_is_asked_nothing(text: str) -> None:
    source = f"nodes: [{{id: t, type: human_task, config: {{question: {text}}}}}]"
    if "{{" not in text:
        problems = check(document_of(source), {}, strict_kinds=False).problems
        assert [one.path for one in problems] == ["nodes[0].config.question"]
        return
    failure = World(source).start_paused_in_time(0, {"none": None, "blank": " "}).failure
    assert failure is not None
    assert "`question`: expected a text, found" in failure.message


@pytest.mark.parametrize("report", [c.CompleteActivity("t", 1, b"1"), c.FailActivity("t", 1, Failure("no", "no")), c.ReportStarted("t", 1)])
def test_what_people_are_asked_no_worker_reports(report: c.Command) -> None:
    world = asked()
    world.send(report)
    assert (reasons(world), world.state().runs["t"].status) == (["stale_attempt"], "active")
