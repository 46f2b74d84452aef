"""`email`, to a real mail server: one mail with one id, for all or for none, and whose fault it is where none goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import CompleteActivity, FailActivity, RunActivity
from contracts.ports.credentials import NO_USE, NoCredentials, Secret, Use
from contracts.values import written
from domain.definition.validate import check
from infra.clock import ManualClock
from tests.channels.mailbox import Mailbox, MailServer
from workers.running.activities import load_kinds
from workers.running.activities.email import Email
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.attempt import Attempt
from workers.running.channels.settings import ChannelSettings
from workers.running.performance import Performance

Run = Callable[..., Any]
MAIL: dict[str, Any] = {"to": "ada@example.com", "subject": "Your order", "text": "It is on its way."}
KINDS = {name: kind.Config for name, kind in load_kinds(ActivitySettings()).items()}


def settings(smtp: str | None, **more: Any) -> ActivitySettings:
    said: dict[str, Any] = {"smtp": smtp, "smtp_tls": "none", "mail_from": "shop@refold.example", **more}
    return ActivitySettings(channels=ChannelSettings(**said))


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(box: Mailbox, tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(box, tmp_path) as made:
        yield made


@pytest.fixture
def run(attempt: Attempt, server: MailServer) -> Run:
    """Sends the mail with some of it in other words."""
    kind = Email(settings(server.address))
    return lambda **more: kind.run(attempt, {**MAIL, **more}, None)


def failure(run: Run, **more: Any) -> tuple[str, bool]:
    with pytest.raises(ActivityError) as caught:
        run(**more)
    return caught.value.error_type, caught.value.retryable


def part(mail: Any, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n").rstrip("\n")


def test_a_mail_comes_as_it_was_written_and_a_blind_copy_is_seen_by_nobody(run: Run, box: Mailbox) -> None:
    more = {"cc": ["bob@example.com"], "bcc": "eve@example.com", "reply_to": "help@example.com", "html": "<p>Größe ☃</p>"}
    found = run(subject="Größe ☃", text="Größe ☃\n" + "x" * 2_000, **more)
    (mail,) = box.mails
    assert (mail["From"], mail["To"], mail["Cc"], mail["Reply-To"]) == (
        "shop@refold.example", "ada@example.com", "bob@example.com", "help@example.com",
    )  # fmt: skip
    assert (mail["Subject"], part(mail, "plain"), part(mail, "html")) == ("Größe ☃", "Größe ☃\n" + "x" * 2_000, "<p>Größe ☃</p>")
    assert found == {"message_id": mail["Message-ID"], "recipients": 3}
    assert b"eve@" not in box.raw[0]
    assert box.raw[0].isascii()


def test_a_mail_may_be_html_alone(run: Run, box: Mailbox) -> None:
    run(text=None, html="<p>hello</p>")
    assert (box.mails[0].get_content_type(), part(box.mails[0], "html")) == ("text/html", "<p>hello</p>")


def test_all_attempts_of_a_node_send_one_and_the_same_mail(server: MailServer, box: Mailbox, clock: ManualClock) -> None:
    for path, attempt in (("n", 1), ("n", 2), ("m", 1)):
        activity = RunActivity("order-1", path, attempt, "email", b"{}", b"null")
        Email(settings(server.address)).run(Attempt(activity, lambda *_: None, clock), MAIL, None)
    first, again, other = (mail["Message-ID"] for mail in box.mails)
    assert first == again != other
    assert first.endswith("@refold.example>")


def test_nothing_that_is_given_adds_a_header(run: Run, box: Mailbox) -> None:
    run(subject="Go\r\nBcc: eve@example.com\r\n\r\nHello\0", text="a\x1bb\0c")
    assert (box.mails[0]["Bcc"], box.mails[0]["Subject"], part(box.mails[0], "plain")) == (
        None, "Go Bcc: eve@example.com Hello", "a b c",
    )  # fmt: skip


def test_an_address_that_is_refused_leaves_all_others_without_mail(run: Run, box: Mailbox) -> None:
    box.to_recipients = ["250 OK", "550 Nobody here"]
    assert failure(run, to=["ada@example.com", "bob@example.com"]) == ("email.refused", False)
    assert box.mails == []


@pytest.mark.parametrize(
    ("to_recipients", "to_mails", "expected"),
    [
        (["450 Busy"], [], ("email.refused_for_now", True)),
        ([], ["452 Full"], ("email.refused_for_now", True)),
        ([], ["554 Spam"], ("email.refused", False)),
        ([], [None], ("email.unknown", False)),
    ],
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    run: Run, box: Mailbox, to_recipients: list[str], to_mails: list[str | None], expected: tuple[str, bool]
) -> None:
    box.to_recipients, box.to_mails = to_recipients, to_mails
    assert failure(run) == expected


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"to": []}, r"config\.to"),
        ({"to": None}, r"config\.to"),
        ({"to": {"a": 1}}, r"config\.to"),
        ({"to": "Ada <ada@example.com>"}, r"config\.to\.0"),
        ({"cc": ["ada@example.com", "a@x\r\nBcc: e@x"]}, r"config\.cc\.1"),
        ({"bcc": [f"a{number}@example.com" for number in range(100)]}, "100 addresses at most"),
        ({"reply_to": "{{ input.x }}"}, r"config\.reply_to"),
        ({"subject": "half \ud800"}, r"config\.subject"),
        ({"subject": "x" * 901}, r"config\.subject"),
        ({"text": None}, "expected a `text`"),
    ],
)
def test_what_is_no_mail_is_named_and_nothing_goes_out(run: Run, box: Mailbox, more: dict[str, Any], named: str) -> None:
    with pytest.raises(ActivityError, match=named) as error:
        run(**more)
    assert (error.value.error_type, error.value.retryable, box.mails) == ("input.invalid", False, [])


@pytest.mark.parametrize("more", [{"smtp": None}, {"mail_from": None}, {"smtp_credential": "mail"}])
def test_a_setting_that_lacks_is_told(attempt: Attempt, server: MailServer, more: dict[str, Any]) -> None:
    with pytest.raises(ActivityError) as error:
        Email(settings(**{"smtp": server.address, **more})).run(attempt, MAIL, None)
    assert (error.value.error_type, error.value.retryable) == ("channel.setting", False)


class Kept(NoCredentials):
    """The password of the mail server."""

    def secret(self, name: str, use: Use = NO_USE) -> Secret:
        return Secret({"username": "refold", "password": "wr0ng-password"}, kind="basic")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_the_password_of_the_server_is_shown_to_it_alone(box: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def perform(server: MailServer) -> Any:
        said = settings(server.address, smtp_tls="tls", smtp_credential="mail")
        activity = RunActivity("order-1", "n", 1, "email", written({**MAIL, "text": "wr0ng-password"}), b"null", "order")
        attempt = Attempt(activity, lambda *_: None, ManualClock(0), credentials=Kept())
        return Performance({"email": Email(said)}, said, None, None).of(attempt)

    with MailServer(box, tmp_path, "tls", asks=True) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        refused = perform(server)
        box.password = b"wr0ng-password"
        sent = perform(server)
    assert isinstance(refused, FailActivity)
    assert (refused.failure.type, isinstance(sent, CompleteActivity), len(box.mails)) == ("email.refused", True, 1)
    assert "wr0ng" not in f"{refused} {sent}"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"to": "{{ input.people }}", "cc": ["{{ input.boss }}"]}, []),
        ({"to": ["ada"]}, ["nodes[0].config.to[0]"]),
        ({"to": ["ada@example.com"], "from": "eve@example.com"}, ["nodes[0].config.from"]),
    ],
)
def test_an_address_that_is_none_is_a_problem_when_it_is_published(config: dict[str, Any], told: list[str]) -> None:
    document = {"name": "w", "nodes": [{"id": "n", "type": "email", "config": {**MAIL, **config}}]}
    assert [one.path for one in check(document, KINDS).problems] == told
