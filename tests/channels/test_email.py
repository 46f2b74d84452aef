"""Mail: one for each version of a task, to a real server, with and without TLS; and whose fault it is where none goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.ports.credentials import Secret
from contracts.usage import ModelCall
from domain.channels import CHANNELS
from domain.channels.channel import route_problems
from domain.channels.link import read
from tests.channels.mailbox import Mailbox, MailServer, links_in
from workers.running.activity_error import ActivityError
from workers.running.channels.email import EmailSender
from workers.running.channels.settings import ChannelSettings

KEY = "k" * 32
MESSAGE: dict[str, Any] = {
    "task": "pay-1~approve@1", "execution_id": "pay-1", "workflow": "pays", "path": "approve", "attempt": 1, "version": 1,
    "about": "created", "at": "2026-11-30T08:00:00Z", "channel": "email", "target": "ada@example.com", "kind": "confirmation",
    "question": "Pay 5 € to <ACME>?", "details": {"amount": 5}, "content": None, "form": None,
    "answers": [{"port": "approved", "label": "approved"}, {"port": "rejected", "label": "rejected"}],
    "assignees": ["Ada@example.com"], "due": "2026-12-01T08:00:00Z", "answered": [], "sent": None,
}  # fmt: skip


class Context:
    """An attempt, with the credentials that a test has."""

    execution, path, idempotency_key, traceparent, is_cancelled, attempt = "x", "send", "x/send", "", False, 1

    def __init__(self, **credentials: dict[str, str]) -> None:
        self._credentials = {"refold-links": {"secret": KEY}, **credentials}

    def credential(self, name: str) -> Secret:
        return Secret(self._credentials[name])

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """Nobody listens."""

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Nobody listens."""

    def say(self, text: str, is_new: bool = False) -> None:
        """Nobody listens."""

    def note_call(self, call: ModelCall) -> None:
        raise AssertionError("nobody asks a model")

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Nobody cancels."""


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(box: Mailbox, tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(box, tmp_path) as made:
        yield made


def settings(server: MailServer, **more: Any) -> ChannelSettings:
    said = {"public_url": "https://refold.example/r/", "smtp": server.address, "smtp_tls": "none", "mail_from": "refold@example.com"}
    return ChannelSettings(**{**said, **more})


def send(server: MailServer, context: Context | None = None, said: dict[str, Any] | None = None, **more: Any) -> Any:
    return EmailSender(settings(server, **more)).send(context or Context(), {**MESSAGE, **(said or {})})


def failure(*given: Any, **more: Any) -> tuple[str, bool]:
    with pytest.raises(ActivityError) as error:
        send(*given, **more)
    return error.value.error_type, error.value.retryable


def test_a_mail_has_a_link_for_each_answer_and_one_to_look(server: MailServer, box: Mailbox) -> None:
    assert send(server) == {"message_id": box.mails[0]["Message-ID"]}
    (mail,) = box.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == ("refold@example.com", "ada@example.com", "Pay 5 € to <ACME>?")
    assert (mail["Auto-Submitted"], mail["Date"]) == ("auto-generated", "Mon, 30 Nov 2026 08:00:00 +0000")
    approve, reject, look = links_in(mail)
    assert (approve, reject) == (f"{look}?answer=approved", f"{look}?answer=rejected")
    link = read(look.removeprefix("https://refold.example/r/answer/"), [KEY], 0)
    assert link == ("pay-1~approve@1", "ada@example.com", "email", 1_796_112_000_000)
    page = mail.get_body(("html",))
    assert page is not None
    assert "&lt;ACME&gt;" in page.get_content()
    assert f'href="{approve}"' in page.get_content()
    assert "Until 2026-12-01 08:00 UTC." in page.get_content()


def test_the_same_version_is_the_same_mail_byte_for_byte_and_the_next_belongs_to_it(server: MailServer, box: Mailbox) -> None:
    send(server), send(server), send(server, said={"version": 2, "about": "reminded"})
    first, again, reminder = box.mails
    assert box.raw[0] == box.raw[1]
    assert first["Message-ID"] == again["Message-ID"] != reminder["Message-ID"]
    assert (reminder["In-Reply-To"], reminder["Subject"]) == (first["Message-ID"], "Reminder: Pay 5 € to <ACME>?")


def test_an_id_that_would_be_damaged_is_left_out(server: MailServer, box: Mailbox) -> None:
    send(server, said={"version": 2}, mail_from=f"refold@{'a' * 60}.example")
    assert "@" in box.mails[0]["Message-ID"]
    assert box.mails[0]["In-Reply-To"] is None


def test_no_question_adds_a_header(server: MailServer, box: Mailbox) -> None:
    send(server, said={"question": "Go on?\r\nBcc: eve@example.com\r\n\r\nHello\0\x1b[31m " + "x" * 500})
    assert (box.mails[0]["Bcc"], len(box.mails[0]["Subject"])) == (None, 150)
    assert box.mails[0]["Subject"].startswith("Go on? Bcc: eve@example.com Hello [31m xx")


def test_who_is_not_asked_by_name_gets_no_link(server: MailServer, box: Mailbox) -> None:
    send(server, said={"assignees": ["group:finance"]}, public_url=None)
    send(server, said={"about": "answered", "answered": [{"by": "bob", "port": "approved", "at": "", "comment": "fine"}]}, public_url=None)
    assert [links_in(mail) for mail in box.mails] == [[], []]
    plain = box.mails[1].get_body(("plain",))
    assert plain is not None
    assert "bob: approved - fine" in plain.get_content()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_over_tls_a_password_is_shown(tls: str, box: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MailServer(box, tmp_path, tls, asks=True) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        send(server, Context(mail={"username": "refold", "password": "right"}), smtp_tls=tls, smtp_credential="mail")
        wrong = failure(server, Context(mail={"username": "refold", "password": "left"}), smtp_tls=tls, smtp_credential="mail")
    assert set(box.logins) == {(b"refold", b"right"), (b"refold", b"left")}
    assert (wrong, len(box.mails)) == (("email.refused", False), 1)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_of_nobody_known_is_an_incident_at_once_and_nothing_goes_out(tls: str, box: Mailbox, tmp_path: Path) -> None:
    with MailServer(box, tmp_path, tls) as server:
        assert failure(server, smtp_tls=tls) == ("email.certificate", False)
    assert box.mails == []


def test_a_server_without_tls_is_never_told_a_mail_that_asks_for_it(server: MailServer, box: Mailbox) -> None:
    assert failure(server, smtp_tls="starttls") == ("email.not_supported", False)
    assert box.mails == []


@pytest.mark.parametrize(
    ("to_recipients", "to_mails", "expected"),
    [
        (["450 Busy"], [], ("email.refused_for_now", True)),
        (["550 Nobody here"], [], ("email.refused", False)),
        ([], ["452 Full"], ("email.refused_for_now", True)),
        ([], ["554 Spam"], ("email.refused", False)),
        ([], [None], ("notice.unknown", False)),
    ],
)
def test_what_a_server_says_decides_whether_it_is_tried_again(
    server: MailServer, box: Mailbox, to_recipients: list[str], to_mails: list[str | None], expected: tuple[str, bool]
) -> None:
    box.to_recipients, box.to_mails = to_recipients, to_mails
    assert failure(server) == expected


def test_a_server_that_is_away_is_tried_again(box: Mailbox, tmp_path: Path) -> None:
    server = MailServer(box, tmp_path)
    with server:
        address = server.address
    assert failure(server, smtp=address) == ("email.unreachable", True)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"smtp": None}, "`smtp`"),
        ({"mail_from": None}, "`mail_from`"),
        ({"mail_from": "Refold <a@b.example>"}, "`mail_from`"),
        ({"public_url": None}, "`public_url`"),
        ({"smtp_credential": "mail"}, "no password"),
    ],
)
def test_a_setting_that_lacks_is_named(server: MailServer, more: dict[str, Any], named: str) -> None:
    with pytest.raises(ActivityError, match=named) as error:
        send(server, **more)
    assert (error.value.error_type, error.value.retryable) == ("channel.setting", False)


def test_a_secret_that_could_be_guessed_signs_no_link(server: MailServer, box: Mailbox) -> None:
    assert failure(server, Context(**{"refold-links": {"secret": "short"}})) == ("channel.weak_secret", False)


@pytest.mark.parametrize(
    "address",
    ["ada", "ada@", "@x.example", "a b@x.example", "Ada <a@x.example>", "a@x.example\nBcc: e@x.example", "a@x,b@x", "ä@x.example",
     "a..b@x.example", "a@-x.example", "a" * 65 + "@x.example", "a@" + "x" * 64, "a@x.example" + "x" * 250, 5, None, {"to": "a@b"}],
)  # fmt: skip
def test_an_address_that_is_none_is_a_problem_when_it_is_published(address: Any) -> None:
    (problem,) = route_problems("channels[0]", {"email": address}, CHANNELS, is_filled_in=False)
    assert (problem.rule, problem.path) == ("channel", "channels[0]")


@pytest.mark.parametrize("address", ["ada@example.com", "o'neil+x.y@mail.example", "root@localhost", "{{ input.address }}"])
def test_an_address_is_taken(address: str) -> None:
    assert list(route_problems("channels[0]", {"email": address}, CHANNELS, is_filled_in=False)) == []
