"""SMTP: one mail, given to the server of the settings, for all of its recipients or for none.

What happens before the server is given the mail itself has sent nothing, and may be tried again. Whoever is cut off after that, and
before the server has said what it did, does not know.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.ports.activities import ActivityContext
from domain.channels.email import address_problem
from workers.running.activity_error import ActivityError
from workers.running.channels.settings import ChannelSettings

if TYPE_CHECKING:
    from aiosmtplib import SMTP

TIMEOUT_S: Final = 20.0
"""So long each step may take."""


class MailServer(NamedTuple):
    """Who takes mail, and whom it comes from."""

    host: str
    port: int
    sender: str


def mail_server(settings: ChannelSettings) -> MailServer:
    """The server of the settings. Raises ActivityError `channel.setting` where one lacks or does not fit."""
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
    return MailServer(host.strip("[]"), int(port), settings.mail_from)


def deliver(context: ActivityContext, settings: ChannelSettings, mail: EmailMessage, to: Sequence[str], unknown: str) -> None:
    """Have it taken. Raises ActivityError `channel.setting`, `channel.extra`, `email.…`, and `unknown` where nobody knows."""
    server = mail_server(settings)
    login: tuple[str, str] | None = None
    if settings.smtp_credential is not None:
        values = context.credential(settings.smtp_credential).values
        login = values.get("username", ""), values.get("password", "")
    asyncio.run(_deliver(server, settings.smtp_tls, login, mail, to, unknown))


async def _deliver(
    server: MailServer, tls: str, login: tuple[str, str] | None, mail: EmailMessage, to: Sequence[str], unknown: str
) -> None:
    try:
        from aiosmtplib import SMTP, errors
    except ImportError:
        raise _wrong("channel.extra", "mail needs a package: pip install 'refold[email]'") from None
    where = f"{server.host}:{server.port}"
    client = SMTP(hostname=server.host, port=server.port, timeout=TIMEOUT_S, use_tls=tls == "tls", start_tls=tls == "starttls")
    try:
        await _open(client, login, server.sender, to)
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
        raise _wrong(unknown, message) from error
    finally:
        client.close()


async def _open(client: SMTP, login: tuple[str, str] | None, sender: str, to: Sequence[str]) -> None:
    """All before the mail itself; one address that is refused, and nobody is sent anything."""
    try:
        await client.connect()
        if login is not None:
            await client.login(*login)
        await client.mail(sender)
        for address in to:
            await client.rcpt(address)
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
