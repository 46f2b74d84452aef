"""A real mail server on loopback, which takes mail, or refuses it as a test says."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

HOST = "127.0.0.1"
LINK = re.compile(r"https?://\S+/answer/\S+")


class Mailbox:
    """Mail that came, and what is answered to the next: a line of SMTP, or None to hang up without a word."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.to_recipients, self.to_mails = list[str](), list[str | None]()
        self.logins: list[tuple[bytes, bytes]] = []
        self.password = b"right"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self.to_recipients:
            return self.to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        answer = self.to_mails.pop(0) if self.to_mails else "250 OK"
        if answer is None or answer.startswith("2"):
            self.raw.append(content)
            self.mails.append(email.message_from_bytes(content, EmailMessage, policy=email.policy.default))
        if answer is None:
            server.transport.abort()
            return "250 OK"
        return answer

    def check(self, server: Any, session: Any, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == self.password, handled=False)


class _Controller(Controller):
    """One on a free port: it asks itself whether it answers, and has to know where."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # has no types


class MailServer:
    """Serves a mailbox on a free port: plain, with STARTTLS, or with TLS from the first byte."""

    def __init__(self, box: Mailbox, folder: Path, tls: str = "none", asks: bool = False) -> None:
        self.box = box
        authority = trustme.CA()
        self.authority = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(context)
        ways: dict[str, dict[str, Any]] = {
            "none": {},
            "starttls": {"tls_context": context, "require_starttls": True},
            "tls": {"ssl_context": context},
        }
        how = ways[tls]
        if asks:
            how |= {"authenticator": box.check, "auth_required": True, "auth_require_tls": tls == "starttls"}
        self._controller = _Controller(box, hostname=HOST, port=0, **how)

    def __enter__(self) -> MailServer:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def address(self) -> str:
        return f"{HOST}:{self._controller.port}"


def links_in(mail: EmailMessage) -> list[str]:
    """The links of the plain part, decoded."""
    body = mail.get_body(("plain",))
    assert body is not None
    return LINK.findall(body.get_content())
