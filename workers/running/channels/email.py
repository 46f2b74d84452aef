"""E-mail: a mail with links to answer by, given to an SMTP server.

What happens before the server is given the mail itself has sent nothing, and is tried again. Whoever is cut off after that, and
before the server has said what it did, does not know: that is `notice.unknown`, and a person looks.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Final

from contracts.ports.activities import ActivityContext
from domain.channels.email import address_problem
from workers.running.activity_error import ActivityError
from workers.running.channels.links import link_for
from workers.running.channels.mail import mail_of
from workers.running.channels.sender import UNKNOWN
from workers.running.channels.settings import ChannelSettings

if TYPE_CHECKING:
    from aiosmtplib import SMTP

TIMEOUT_S: Final = 20.0
"""So long each step may take."""


class EmailSender:
    """Sends one mail."""

    name = "email"

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings

    def send(self, context: ActivityContext, message: Mapping[str, Any]) -> Any:
        """See Sender. Raises ActivityError `channel.setting`, `channel.extra`, `email.…`, `notice.unknown`."""
        host, port, sender = self._checked()
        mail = mail_of(message, sender, link_for(context, self._settings, message, message["target"]))
        login: tuple[str, str] | None = None
        if self._settings.smtp_credential is not None:
            values = context.credential(self._settings.smtp_credential).values
            login = values.get("username", ""), values.get("password", "")
        asyncio.run(self._send(host, port, login, sender, message["target"], mail))
        return {"message_id": str(mail["Message-ID"])}

    def _checked(self) -> tuple[str, int, str]:
        """The server, its port, and the sender. Raises ActivityError where a setting lacks or does not fit."""
        settings = self._settings
        for name, found, example in (
            ("smtp", settings.smtp, "smtp.example.com:587"),
            ("mail_from", settings.mail_from, "refold@example.com"),
        ):
            if found is None:
                raise _wrong("channel.setting", f"mail needs the setting `{name}` (REFOLD_{name.upper()}={example})")
        assert settings.smtp is not None
        assert settings.mail_from is not None
        if (problem := address_problem(settings.mail_from)) is not None:
            raise _wrong("channel.setting", f"`mail_from`: {problem}")
        if settings.smtp_credential is not None and settings.smtp_tls == "none":
            raise _wrong("channel.setting", "with `smtp_tls: none` no password is shown to anybody: take `starttls` or `tls`")
        host, _, port = settings.smtp.rpartition(":")
        return host.strip("[]"), int(port), settings.mail_from

    async def _send(self, host: str, port: int, login: tuple[str, str] | None, sender: str, to: str, mail: EmailMessage) -> None:
        try:
            from aiosmtplib import SMTP, errors
        except ImportError:
            raise _wrong("channel.extra", "mail needs a package: pip install 'refold[email]'") from None
        tls, where = self._settings.smtp_tls, f"{host}:{port}"
        client = SMTP(hostname=host, port=port, timeout=TIMEOUT_S, use_tls=tls == "tls", start_tls=tls == "starttls")
        try:
            await self._open(client, login, sender, to)
        except errors.SMTPResponseException as refused:
            raise _refused(where, refused.code, refused.message) from refused
        except errors.SMTPRecipientsRefused as refused:
            raise _refused(where, refused.recipients[0].code, refused.recipients[0].message) from refused
        except (errors.SMTPException, OSError) as error:
            if type(error) in (errors.SMTPException, errors.SMTPNotSupported):  # it lacks TLS, or a way to log in
                raise _wrong("email.not_supported", f"{where}: {error}") from error
            raise _unreached(where, error) from error
        try:
            await client.data(mail.as_bytes())
        except errors.SMTPResponseException as refused:
            raise _refused(where, refused.code, refused.message) from refused
        except (errors.SMTPException, OSError) as error:
            message = f"{where} was given the mail and has not said whether it took it: {type(error).__name__}: {error}"
            raise _wrong(UNKNOWN, message) from error
        finally:
            client.close()

    async def _open(self, client: SMTP, login: tuple[str, str] | None, sender: str, to: str) -> None:
        """All before the mail itself."""
        try:
            await client.connect()
            if login is not None:
                await client.login(*login)
            await client.mail(sender)
            await client.rcpt(to)
        except BaseException:
            client.close()
            raise


def _wrong(type_: str, message: str) -> ActivityError:
    """What another try does not help against."""
    return ActivityError(type_, message, retryable=False)


def _refused(where: str, code: int, said: str) -> ActivityError:
    """What the server has said: by 4xx not now, by 5xx never."""
    is_for_now = 400 <= code < 500
    return ActivityError(
        "email.refused_for_now" if is_for_now else "email.refused", f"{where}: {code} {said}"[:1_000], retryable=is_for_now
    )


def _unreached(where: str, error: BaseException) -> ActivityError:
    """Nothing was sent: a certificate is as wrong the next time, all else may pass."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _wrong("email.certificate", f"{where}: {cause}")
        cause = cause.__cause__ or cause.__context__
    return ActivityError("email.unreachable", f"{where}: {type(error).__name__}: {error}"[:1_000])
