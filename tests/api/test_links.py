"""Links in real mail: what a page shows, what is sent from it, and who opens it when."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.api.conftest import Answer, Server
from tests.channels.mailbox import Mailbox, MailServer, links_in

KEY = "k" * 40
FORM = {
    "type": "object",
    "required": ["n"],
    "properties": {
        "n": {"type": "integer", "minimum": 1, "title": "How many"},
        "share": {"type": "number"},
        "note": {"type": "string", "maxLength": 5},
        "colour": {"enum": ["red", "green", 3]},
        "urgent": {"type": "boolean"},
        "more": {"type": "array"},
    },
}


def asks(name: str, **config: Any) -> dict[str, Any]:
    config = {"question": "Go on with {{ input.what }}?", "assignees": ["ada@example.com"], "timeout": "24h", **config}
    nodes = [
        {"id": "ask", "type": "human_task", "config": {"channels": [{"email": "ada@example.com"}], **config}},
        {"id": "end", "type": "end", "config": {"output": "{{ nodes.ask.output }}"}},
    ]
    return {"name": name, "nodes": nodes, "edges": [{"from": f"ask.{port}", "to": "end"} for port in PORTS[config.get("kind")]]}


PORTS: dict[Any, list[str]] = {
    None: ["approved", "rejected"],
    "data_input": ["approved", "rejected"],
    "review": ["approved", "changes_requested"],
}


class Post:
    """A server that sends mail, and the mail that came."""

    def __init__(self, server: Server, box: Mailbox, came: threading.Semaphore) -> None:
        self.server, self.box, self._came = server, box, came

    def start(self, workflow: str, what: str = "<it>") -> tuple[str, str]:
        """An execution, and where the link of its mail leads."""
        execution = self.server.start(workflow, {"what": what})["execution_id"]
        link, deadline = self.link(), time.monotonic() + 60
        while "TaskNotified" not in str(self.server.get(f"/v1/tasks/{execution}~ask@1").content):
            assert time.monotonic() < deadline  # the mail is there before it is recorded that it was sent
        return execution, link

    def link(self) -> str:
        return links_in(self.mail())[-1].removeprefix("https://refold.example")

    def mail(self) -> Any:
        """The next one."""
        assert self._came.acquire(timeout=60), self.server.get("/v1/incidents").content
        return self.box.mails.pop(0)

    def send(self, link: str, **fields: str) -> Answer:
        """What a browser sends from the page."""
        head = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.server.url}
        return self.server.ask("POST", link, urlencode(fields).encode(), head)

    def output(self, execution: str) -> Any:
        return self.server.get(f"/v1/executions/{execution}").json.get("output")


class Heard(Mailbox):
    """Whoever waits hears of each mail."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    async def handle_DATA(self, *given: Any) -> str:
        said = await super().handle_DATA(*given)
        self.came.release()
        return said


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder, box = tmp_path_factory.mktemp("posted"), Heard()
    with MailServer(box, folder) as mails:
        engine = {"smtp": mails.address, "smtp_tls": "none", "mail_from": "refold@example.com", "public_url": "https://refold.example"}
        server = Server(folder / "data", engine=engine)
        try:
            server.post("/v1/credentials", {"name": "refold-links", "kind": "signing", "values": {"secret": KEY}})
            review = asks("reviews", kind="review", content="one\ntwo")
            lines = {"required": ["n"], "properties": {"n": {"type": "integer"}, "note": {"type": "string", "default": "one\ntwo"}}}
            server.publish(asks("has_lines", form=lines))
            server.publish(asks("asks_by_mail"), asks("counts", kind="data_input", form=FORM), review, asks("may_count", form=FORM))
            yield Post(server, box, box.came)
        finally:
            server.kill()


def shown(answer: Answer) -> str:
    return answer.content.decode()


def test_to_open_a_link_answers_nothing_and_a_second_step_answers_once(post: Post) -> None:
    execution, link = post.start("asks_by_mail")
    pages = [post.server.ask(method, link + query) for method in ("GET", "HEAD") for query in ("", "?answer=approved", "?answer=rejected")]
    assert [page.status for page in pages] == [200] * 6
    assert "Go on with &lt;it&gt;?" in shown(pages[0])
    assert post.output(execution) is None
    thanks = post.send(link, answer="rejected", comment="no\r\nmoney")
    assert (thanks.status, "You have answered: rejected." in shown(thanks)) == (200, True)
    again = post.send(link, answer="approved")
    assert (again.status, "You have answered" in shown(again), "rejected" in shown(again)) == (200, True, True)
    (answer,) = post.output(execution)["answers"]
    assert (answer["by"], answer["port"], answer["channel"], answer["comment"]) == ("ada@example.com", "rejected", "email", "no\nmoney")
    told = post.mail()
    assert (told["Subject"], links_in(told)) == ("Answered: Go on with <it>?", [])


def test_who_is_overtaken_while_the_page_is_sent_is_told_what_counts(post: Post) -> None:
    _, link = post.start("asks_by_mail")
    address, body = urlsplit(post.server.url), b"answer=rejected"
    head = f"POST {link} HTTP/1.1\r\nHost: {address.netloc}\r\nOrigin: {post.server.url}\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as slow, slow.makefile("rb") as answer:
        slow.sendall(head.encode())
        assert b" 100 " in answer.readline()  # it was looked whether the task is open
        assert "You have answered: approved." in shown(post.send(link, answer="approved"))
        slow.sendall(body)
        told = answer.read().decode()
    assert "Your answer: approved" in told
    assert "takes no more commands" not in told
    post.mail()


def test_a_page_is_kept_by_nobody_framed_by_nobody_and_runs_nothing(post: Post) -> None:
    _, link = post.start("asks_by_mail")
    page = post.server.get(link)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers
    assert "<script" not in shown(page)
    assert re.search('name="viewport" content="width=device-width', shown(page))


def test_no_other_site_answers_in_somebody_s_name(post: Post) -> None:
    execution, link = post.start("asks_by_mail")
    for origin in ("https://evil.example", "null"):
        head = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        assert post.server.ask("POST", link, b"answer=approved", head).status == 403
    assert post.server.ask("POST", link, {"answer": "approved"}).status == 400
    assert post.output(execution) is None


@pytest.mark.parametrize("token", ["x", "a.b", "%00", "%ED%A0%80.x", "." * 500])
def test_what_is_no_link_tells_nothing(post: Post, token: str) -> None:
    for method in ("GET", "POST"):
        answer = post.server.ask(method, f"/answer/{token}")
        assert (answer.status, "This link is not valid" in shown(answer)) == (404, True)


def test_what_is_wrong_stands_beside_its_field_and_what_was_written_stays(post: Post) -> None:
    execution, link = post.start("counts")
    for fields, wrong in (
        ({"data.n": ""}, "n"),
        ({"data.n": "0"}, "n"),
        ({"data.n": "1e400"}, "n"),
        ({"data.n": "9" * 5_000}, "n"),
        ({"data.n": "2", "data.share": "1e400"}, "share"),
        ({"data.n": "2", "data.share": "nan"}, "share"),
        ({"data.n": "2", "data.note": '<b> "too long"'}, "note"),
        ({"data.n": "2", "data.colour": "7"}, "colour"),
        ({"data.n": "2", "data.more": "[" * 10_000}, "more"),
        ({"data.n": "2", "data.more": "{"}, "more"),
        ({"data.n": "2", "comment": "x" * 10_001}, "comment"),
    ):
        page = post.send(link, answer="approved", **fields)
        name = wrong if wrong == "comment" else f"data.{wrong}"
        assert (page.status, f'id="{name}-wrong"' in shown(page)) == (422, True), (fields, shown(page)[-3000:])
    assert "&lt;b&gt;" in shown(post.send(link, answer="approved", **{"data.n": "2", "data.note": '<b> "too long"'}))
    done = post.send(link, answer="approved", **{"data.n": "3", "data.share": "0.5", "data.colour": "2", "data.more": '[1, "ä"]'})
    assert done.status == 200, shown(done)
    assert post.output(execution)["data"] == {"n": 3, "share": 0.5, "colour": 3, "urgent": False, "more": [1, "ä"]}
    post.mail()


def test_who_refuses_or_has_nothing_to_add_fills_no_form_in(post: Post) -> None:
    for workflow, port in (("counts", "rejected"), ("may_count", "approved")):
        execution, link = post.start(workflow)
        assert post.send(link, answer=port, comment="", **{"data.n": ""}).status == 200
        assert post.output(execution)["data"] is None
        post.mail()


def test_what_stands_in_a_field_at_first_may_have_lines(post: Post) -> None:
    execution, link = post.start("has_lines")
    assert "one\ntwo</textarea>" in shown(post.server.get(link))
    assert post.send(link, answer="approved", comment="", **{"data.n": "", "data.note": "one\r\ntwo"}).status == 200
    assert post.output(execution)["data"] is None
    post.mail()


def test_an_answer_that_there_is_none_of_is_said(post: Post) -> None:
    _, link = post.start("asks_by_mail")
    for answer in ("", "maybe", "\ud800"):
        page = post.server.ask(
            "POST",
            link,
            urlencode({"answer": answer}, errors="surrogatepass").encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert page.status in (400, 422), shown(page)


def test_what_is_marked_secret_reaches_neither_mail_nor_page(post: Post) -> None:
    definition = asks("asks_with_secret", details={"password": "{{ input.what }}"})
    definition["input"] = {"type": "object", "properties": {"what": {"type": "string", "writeOnly": True}}}
    post.server.publish(definition)
    post.server.start("asks_with_secret", {"what": "hunter2-hunter2"})
    mail = post.mail()
    page = post.server.get(links_in(mail)[-1].removeprefix("https://refold.example"))
    plain = mail.get_body(("plain",)).get_content()
    assert (page.status, "•••" in shown(page), "•••" in plain) == (200, True, True)
    for text in (shown(page), plain, mail.get_body(("html",)).get_content(), mail["Subject"]):
        assert "hunter2" not in text
        assert "refold-sealed" not in text


def test_what_is_reviewed_can_be_changed(post: Post) -> None:
    execution, link = post.start("reviews")
    assert "one\ntwo</textarea>" in shown(post.server.get(link))
    assert post.send(link, answer="changes_requested", content="one\r\nthree", comment="so").status == 200
    assert post.output(execution)["content"] == "one\nthree"
    post.mail()
    execution, link = post.start("reviews")
    assert post.send(link, answer="approved", content="one\r\ntwo").status == 200
    assert post.output(execution)["answers"][0]["content"] is None
    post.mail()


def test_a_link_of_somebody_who_is_not_asked_any_more_answers_nothing(post: Post) -> None:
    execution, link = post.start("asks_by_mail")
    handed = post.server.post(f"/v1/tasks/{execution}~ask@1/delegate", {"to": "bob@example.com"}, refold_person="ada@example.com")
    assert handed.status == 200
    assert links_in(post.mail()) == []  # it is sent to ada still, and asks bob
    refused = post.send(link, answer="approved")
    assert (refused.status, "is not among those who are asked" in shown(refused)) == (409, True)
    post.server.post(f"/v1/executions/{execution}/cancel")
    post.mail()
    gone = post.server.get(link)
    assert (gone.status, "Nobody is asked any more" in shown(gone)) == (200, True)


def test_the_link_s_token_stands_in_no_log_and_no_history(post: Post) -> None:
    execution, link = post.start("asks_by_mail")
    history = post.server.get(f"/v1/executions/{execution}/history?limit=100").content
    notices = post.server.get("/v1/executions?filter=" + "workflow%20%3D%3D%20'refold.notify'").content
    token = urlsplit(link).path.rpartition("/")[2]
    assert token.encode() not in history + notices
    assert token not in post.server.stderr()


def test_a_channel_that_cannot_tell_is_an_incident_while_the_task_is_open_and_a_retry_tells(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    box = Heard()
    with MailServer(box, tmp_path) as mails:
        settings = {"smtp": mails.address, "smtp_tls": "none", "mail_from": "refold@example.com", "public_url": "https://refold.example"}
        server = serve(engine=settings)
        server.publish(asks("asks_by_mail"))
        execution = server.start("asks_by_mail", {"what": "it"})["execution_id"]
        notice = f"{execution}~ask.notice(1.0)"
        stuck = incident_of(server, notice)
        assert (stuck["error"]["type"], server.get(f"/v1/tasks/{execution}~ask@1").json["status"]) == ("no_credential", "open")
        server.post("/v1/credentials", {"name": "refold-links", "kind": "signing", "values": {"secret": KEY}})
        retried = server.post(f"/v1/executions/{notice}/incidents/{stuck['incident']}/resolve", {"action": "retry"})
        assert retried.status == 200, retried.content
        post = Post(server, box, box.came)
        assert post.send(post.link(), answer="approved").status == 200


def incident_of(server: Server, execution: str) -> Any:
    """The incident of an execution, once it has one."""
    deadline = time.monotonic() + 60
    while not (found := [one for one in server.get("/v1/incidents").json["incidents"] if one["execution_id"] == execution]):
        assert time.monotonic() < deadline
    return found[0]
