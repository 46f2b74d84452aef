"""Human tasks over HTTP: who is asked what, and what a person does about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from refold.client.asynchronous import AsyncClient
from refold.client.blocking import Client
from refold.errors import Refused
from tests.api.answer_many import ASKS as ASKS_MANY
from tests.api.answer_many import answer_all
from tests.api.conftest import Server
from tests.api.test_live import hear, live, say

PAYS: dict[str, Any] = {
    "name": "pays",
    "settings": {"search": {"payee": "input.payee"}},
    "nodes": [
        {
            "id": "approve",
            "type": "human_task",
            "config": {
                "question": "Pay {{ input.payee }}?",
                "details": {"amount": "{{ input.amount }}"},
                "assignees": "{{ input.who }}",
                "approval_threshold": 2,
                "form": {"type": "object"},
                "timeout": "24h",
            },
        },
        {"id": "paid", "type": "end", "config": {"outcome": "paid", "output": "{{ nodes.approve.output }}"}},
        {"id": "not_paid", "type": "end", "config": {"outcome": "refused"}},
    ],
    "edges": [{"from": "approve.approved", "to": "paid"}, {"from": "approve.rejected", "to": "not_paid"}],
}
ASKS: dict[str, Any] = {
    "name": "asks",
    "nodes": [
        {"id": "first", "type": "human_task", "config": {"question": "Go on?", "assignees": "{{ input.who }}"}},
        {"id": "second", "type": "human_task", "config": {"kind": "data_input", "question": "How many?", "form": {"type": "object"}}},
        {"id": "done", "type": "noop"},
    ],
    "edges": [{"from": "first.approved", "to": "second"}, {"from": "second.approved", "to": "done"}],
}
CALLS: dict[str, Any] = {"name": "calls_asks", "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "asks"}}]}


@pytest.fixture
def people(server: Server) -> Callable[..., Client]:
    """Clients of the server, of one person each."""
    server.publish(PAYS, ASKS, CALLS)
    return lambda name=None, *groups: Client(server.url, person=name, groups=groups)


def paying(server: Server, payee: str, *who: str) -> str:
    """The task of an execution that asks these; one person alone could not answer it."""
    execution = server.start("pays", {"payee": payee, "amount": 5, "who": list(who)})
    return f"{execution['execution_id']}~approve@1"


def test_a_task_is_found_by_those_who_are_asked(server: Server, people: Callable[..., Client]) -> None:
    position = server.start("pays", {"payee": "A-1", "amount": 5, "who": ["Ada@example.com", "group:fin"]})["position"]
    server.get(f"/v1/tasks?min_position={position}")
    named, of_group, other = people("ada@example.com"), people("bob", "fin"), people("eve", "others")
    assert [task["question"] for task in named.tasks(mine=True, filter="search.payee == 'A-1'")] == ["Pay A-1?"]
    assert [task["question"] for task in of_group.tasks(my_groups=True, workflow="pays", filter="search.payee == 'A-1'")] == ["Pay A-1?"]
    assert of_group.tasks(mine=True, filter="search.payee == 'A-1'") == []
    assert other.tasks(mine=True, my_groups=True, filter="search.payee == 'A-1'") == []
    assert named.tasks(overdue=True, filter="search.payee == 'A-1'") == []


def test_two_people_answer_and_each_is_told_what_came_of_it(server: Server, people: Callable[..., Client]) -> None:
    task = paying(server, "A-2", "ada", "bob", "cyd")
    first = people("ada").answer_task(task, "approved", {"n": 1}, "fine")
    assert (first["decided"], first["message"]) == (False, "the answer counts; 1 of 2 who have to answer approved have done so")
    second = people("cyd").answer_task(task, "approved")
    assert (second["decided"], second["message"], second["status"]) == (True, "the task is answered: approved", "completed")
    shown = people().task(task)
    assert (shown["status"], shown["outcome"], shown["details"]) == ("answered", "approved", {"amount": 5})
    assert [(one["by"], one["data"], one["comment"]) for one in shown["answers"]] == [("ada", {"n": 1}, "fine"), ("cyd", None, "")]
    assert [one["event"] for one in shown["events"]] == ["TaskCreated", "TaskNotified", "TaskAnswered", "TaskAnswered"]
    assert shown["events"][2]["by"]["address"] == "127.0.0.1"
    actors = [event["actor"] for event in people().history(shown["execution_id"]) if event["type"] == "TaskAnswered"]
    assert actors == ["ada", "cyd"]


def test_who_may_not_who_comes_twice_and_who_comes_late_is_told_so(server: Server, people: Callable[..., Client]) -> None:
    task = paying(server, "A-3", "ada", "bob", "cyd")
    for name, port, reason, status in (
        ("eve", "approved", "not_asked", 403),
        (None, "approved", "not_asked", 403),
        ("ada", "maybe", "input.invalid", 422),
    ):
        with pytest.raises(Refused) as refused:
            people(name).answer_task(task, port)
        assert (refused.value.problem["reason"], refused.value.status) == (reason, status)
    people("ada").answer_task(task, "approved")
    with pytest.raises(Refused, match="Ada has answered already: approved"):
        people("Ada").answer_task(task, "rejected")
    people("bob").answer_task(task, "approved")
    with pytest.raises(Refused) as late:
        people("cyd").answer_task(task, "approved")
    assert (late.value.status, late.value.problem["reason"]) == (409, "already_ended")


def test_the_same_request_twice_is_one_answer_whatever_has_become_of_the_task(server: Server, people: Callable[..., Client]) -> None:
    task = paying(server, "A-4", "ada", "bob")

    def ask(key: str, name: str) -> Any:
        return server.post(f"/v1/tasks/{task}/answer", {"port": "rejected"}, idempotency_key=key, refold_person=name)

    assert [ask("one", "ada").status for _ in range(2)] == [200, 200]
    assert (ask("two", "ada").status, ask("one", "bob").status) == (409, 409)


def test_the_same_key_with_another_answer_is_told_which_one_counts(server: Server, people: Callable[..., Client]) -> None:
    task = paying(server, "A-7", "ada", "bob", "cyd")
    first, other = (
        server.post(f"/v1/tasks/{task}/answer", {"port": port}, idempotency_key="one", refold_person="ada")
        for port in ("approved", "rejected")
    )
    assert (first.status, other.status, other.json["reason"]) == (200, 409, "already_answered")
    assert "ada has answered already: approved" in other.json["detail"]


def test_a_task_is_claimed_handed_on_and_talked_about(server: Server, people: Callable[..., Client]) -> None:
    execution = server.start("asks", {"who": ["ada", "bob"]})["execution_id"]
    task = f"{execution}~first@1"
    people("ada").claim_task(task)
    with pytest.raises(Refused, match="ada has claimed the task"):
        people("bob").answer_task(task, "approved")
    assert people().task(task)["claimed_by"] == "ada"
    people("ada").delegate_task(task, "cyd", "I am away")
    people("cyd").comment_task(task, "What is it about?")
    name = "bill ä.pdf"
    attached = server.ask(
        "POST",
        f"/v1/tasks/{task}/attachments?name={'bill%20%C3%A4.pdf'}",
        b"%PDF\x00\xff",
        {"Content-Type": "application/pdf", "Refold-Person": "bob"},
    )
    assert (attached.status, attached.json["name"]) == (200, name)
    shown = people().task(task)
    assert (shown["assignees"], shown["claimed_by"]) == (["bob", "cyd"], None)
    assert [(one["by"], one["comment"], one["file"] and one["file"]["name"]) for one in shown["comments"]] == [
        ("cyd", "What is it about?", None), ("bob", "", name),
    ]  # fmt: skip
    file = server.get(f"/v1/tasks/{task}/attachments/1")
    assert (file.content, file.headers["content-type"], file.headers["x-content-type-options"]) == (
        b"%PDF\x00\xff",
        "application/pdf",
        "nosniff",
    )
    assert server.get(f"/v1/tasks/{task}/attachments/2").status == 404
    people("bob").release_task(task)


def test_a_large_file_lies_beside_the_journal(server: Server, people: Callable[..., Client]) -> None:
    task = f"{server.start('asks', {'who': ['ada']})['execution_id']}~first@1"
    content = bytes(range(256)) * 1_000
    sent = server.ask(
        "POST", f"/v1/tasks/{task}/attachments?name=x", content, {"Content-Type": "application/octet-stream", "Refold-Person": "ada"}
    )
    assert sent.status == 200, sent.content
    assert server.get(f"/v1/tasks/{task}/attachments/1").content == content


@pytest.mark.parametrize("task", ["x", "x~t", "x~t@0", "~t@1", "x~@1", "nobody~t@1", "x~t@99999999999999999999"])
def test_what_is_no_task_is_unknown(server: Server, task: str) -> None:
    answer = server.get(f"/v1/tasks/{task}")
    assert (answer.status, answer.json["reason"] in ("unknown_task", "unknown_execution")) == (404, True)


@pytest.mark.parametrize(
    "head",
    [
        {"Refold-Person": ""},
        {"Refold-Person": "x" * 300},
        {"Refold-Person": " Group:finance"},
        {"Refold-Groups": "a," + "b" * 300},
        {"Refold-Groups": ",".join(map(str, range(200)))},
    ],
)
def test_what_is_nobodys_name_is_refused(server: Server, head: dict[str, str]) -> None:
    answer = server.ask("GET", "/v1/tasks?mine=true", headers=head)
    assert (answer.status, answer.json["reason"]) == (422, "request.invalid")


# Resuming.


def test_an_execution_is_resumed_by_what_a_person_says(server: Server, people: Callable[..., Client]) -> None:
    execution = server.start("asks", {"who": ["ada"]})["execution_id"]
    ada = people("ada")
    again = ada.resume(execution, approved=True, resume_data={"comment": "Approved by manager"})
    assert (again["status"], again["completed"], again["paused_again"], again["remaining_nodes"]) == (
        "paused",
        False,
        True,
        ["second", "done"],
    )
    assert ada.task(f"{execution}~first@1")["answers"][0]["comment"] == "Approved by manager"
    done = ada.resume(execution, resume_data={"budget_amount": 50000}, output_port="approved")
    assert (done["status"], done["completed"], done["paused_again"], done["remaining_nodes"]) == ("completed", True, False, [])
    assert server.get(f"/v1/executions/{execution}").json["output"]["data"] == {"budget_amount": 50000}


def test_a_task_below_is_answered_from_its_parent(server: Server, people: Callable[..., Client]) -> None:
    execution = server.start("calls_asks", {"who": "ada"})["execution_id"]
    below = next_task(people(), execution)
    assert (below["execution_id"], below["root"]) == (f"{execution}~sub", execution)
    assert people("ada").resume(execution, approved=True)["paused_again"]
    assert people().resume(execution, resume_data={"n": 1})["completed"]


def next_task(client: Client, execution: str) -> Any:
    """The first task below an execution, once it is there."""
    while not (found := client.tasks(below=execution)):
        pass  # each answer took its time
    return found[0]


def test_nobody_is_answered_who_was_not_named(server: Server, people: Callable[..., Client]) -> None:
    named, other = (server.start("asks", {"who": "ada"})["execution_id"] for _ in range(2))
    for execution in (named, "nobody"):
        with pytest.raises(Refused) as refused:
            people("ada").resume(execution, approved=True, task=f"{other}~first@1")
        assert refused.value.problem["reason"] == "unknown_task"
    assert people().task(f"{other}~first@1")["status"] == "open"


def test_what_people_were_asked_is_erased_with_their_execution(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish({**ASKS, "settings": {"erasable": True}})
    execution = server.start("asks", {"who": "ada"})["execution_id"]
    server.post(f"/v1/executions/{execution}/terminate")
    assert server.post(f"/v1/executions/{execution}/erase", {"reason": "asked"}).status == 200
    for path in (f"/v1/tasks/{execution}~first@1", f"/v1/tasks/{execution}~first@1/attachments/1"):
        shown = server.get(path)
        assert (shown.status, shown.json["reason"]) == (409, "erased")
    assert [one["command"] for one in server.get("/v1/audit").json["audit"] if one["execution_id"] == execution] == ["EraseExecution"]


def test_what_cannot_be_resumed_so_is_told(server: Server, people: Callable[..., Client]) -> None:
    execution = server.start("asks", {"who": "ada"})["execution_id"]
    for name, said, reason in (
        ("ada", {"resume_data": {"n": 1}}, "request.invalid"),
        ("ada", {"output_port": "maybe"}, "input.invalid"),
        ("eve", {"approved": True}, "not_asked"),
        ("ada", {"approved": True, "task": "x"}, "unknown_task"),
    ):
        with pytest.raises(Refused) as refused:
            people(name).resume(execution, **said)
        assert refused.value.problem["reason"] == reason
    waits = server.start("waits")["execution_id"]
    with pytest.raises(Refused) as refused:
        people("ada").resume(waits, approved=True)
    assert refused.value.problem["reason"] == "no_open_task"


def test_a_paused_execution_goes_on_without_a_body_and_keeps_answers_meanwhile(server: Server, people: Callable[..., Client]) -> None:
    execution = server.start("asks", {"who": "ada"})["execution_id"]
    people().pause(execution)
    kept = people("ada").answer_task(f"{execution}~first@1", "approved")
    assert (kept["decided"], kept["message"]) == (False, "the answer is kept, and counts when the execution is resumed")
    assert people().resume(execution)["status"] == "running"
    assert people().task(f"{execution}~first@1")["status"] == "answered"


def test_an_answer_that_was_kept_and_did_not_count_is_listed(server: Server, people: Callable[..., Client]) -> None:
    task = paying(server, "K-1", "ada", "bob", "cyd")
    execution = task.partition("~")[0]
    people().pause(execution)
    for name, port in (("ada", "rejected"), ("bob", "approved")):
        people(name).answer_task(task, port)
    assert [(one["by"], one["status"]) for one in people().task(task)["kept_answers"]] == [("ada", "kept"), ("bob", "kept")]
    people().resume(execution)
    found = people().task(task)
    assert [(one["by"], one["port"], one["status"]) for one in found["kept_answers"]] == [
        ("ada", "rejected", "counted"), ("bob", "approved", "passed_over"),
    ]  # fmt: skip
    assert [one["by"] for one in found["answers"]] == ["ada"]


def test_a_comment_and_a_file_under_one_key_are_two_and_each_is_once(server: Server, people: Callable[..., Client]) -> None:
    task = paying(server, "K-2", "ada", "bob")
    for name in ("ada", "ada", "bob"):
        said = {"idempotency_key": "k", "refold_person": name}
        assert server.post(f"/v1/tasks/{task}/comment", {"comment": name}, **said).status == 200
        assert server.post(f"/v1/tasks/{task}/attachments?name=a.txt", {"x": name}, **said).status == 200
    comments = people().task(task)["comments"]
    assert [(one["by"], one["comment"], one["file"] is not None) for one in comments] == [
        ("ada", "ada", False), ("ada", "", True), ("bob", "bob", False), ("bob", "", True),
    ]  # fmt: skip


def test_a_page_watches_what_people_are_asked(server: Server, people: Callable[..., Client]) -> None:
    with live(server) as socket:
        say(socket, subscribe="tasks", id="t", workflow="asks", filter="asked.contains(',watcher,')")
        assert hear(socket) == {"id": "t", "rows": []}
        task = f"{server.start('asks', {'who': 'Watcher'})['execution_id']}~first@1"
        assert [row["task_id"] for row in hear(socket)["rows"]] == [task]
        people("watcher").answer_task(task, "approved")
        assert hear(socket)["rows"] == []


# Many at once, and kills.


def test_many_tasks_answered_twice_by_many_at_once_are_answered_once_each(server: Server) -> None:
    server.publish(ASKS_MANY)
    asyncio.run(answer_all(server.url, tasks=60, clients=10))


@pytest.mark.parametrize("is_heard", [False, True])
def test_an_answer_is_given_once_though_the_server_is_killed_around_it(serve: Callable[..., Server], is_heard: bool) -> None:
    server = serve()
    server.publish(ASKS)
    for name in ("a", "b"):
        server.start("asks", {"who": "ada"}, execution_id=name)
        path = f"/v1/tasks/{name}~first@1"
        head = {"Content-Type": "application/json", "Idempotency-Key": f"of-{name}", "Refold-Person": "ada"}
        line = server.connect()
        line.request("POST", f"{path}/answer", b'{"port": "approved"}', head)
        if is_heard:
            line.getresponse()
        server.kill()
        server = serve()
        again = server.ask("POST", f"{path}/answer", {"port": "approved"}, head)
        assert (again.status, again.json["decided"]) == (200, True), again.content
        assert [event["event"] for event in server.get(path).json["events"]] == ["TaskCreated", "TaskNotified", "TaskAnswered"]


def test_my_tasks_are_those_that_i_am_asked_just_now(server: Server, people: Callable[..., Client]) -> None:
    started = server.start("pays", {"payee": "A-9", "amount": 5, "who": ["ada", "bob", "cyd"]})
    task = f"{started['execution_id']}~approve@1"

    def lists(done: Any, *names: str, **more: Any) -> list[int]:
        server.get(f"/v1/tasks?min_position={done['position']}")
        return [len(people(name).tasks(mine=True, filter="search.payee == 'A-9'", **more)) for name in names]

    assert lists(started, "ada", "bob", "dan") == [1, 1, 0]
    assert lists(people("ada").delegate_task(task, "Dan"), "ada", "bob", "dan") == [0, 1, 1]
    people("dan").answer_task(task, "approved")
    done = people("bob").answer_task(task, "approved")
    assert lists(done, "bob", "dan") == [0, 0]
    assert lists(done, "ada", "bob", "dan", is_open=False) == [0, 1, 1]


def test_both_clients_attach_files_and_get_them_back(server: Server, people: Callable[..., Client]) -> None:
    task, content = paying(server, "A-10", "ada", "bob"), bytes(range(256)) * 1_000
    first = people("ada").attach_to_task(task, "a b.bin", content)
    assert (first["name"], first["media_type"]) == ("a b.bin", "application/octet-stream")
    assert people().task_attachment(task, 1) == content

    async def attach() -> bytes:
        async with AsyncClient(server.url, person="ada") as client:
            await client.attach_to_task(task, "ä.txt", b"text", "text/plain")
            return await client.task_attachment(task, 2)

    assert asyncio.run(attach()) == b"text"
    assert [one["file"]["name"] for one in people().task(task)["comments"]] == ["a b.bin", "ä.txt"]
    with pytest.raises(Refused, match="nothing is attached"):
        people().task_attachment(task, 3)
