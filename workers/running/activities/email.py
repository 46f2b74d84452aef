"""`email`: sends one mail, by the mail server of the settings, and gives its `message_id`.

The id is made of the idempotency key: a mail that is sent twice, as its worker died at the wrong moment, is seen to be one. A server that
broke off while it took the mail may have it: that is the failure `email.unknown`, which is not tried again.
"""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from contracts.ports.activities import ActivityContext
from domain.channels.email import address_problem
from workers.running.activities import config as configs
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.channels.mail import plain
from workers.running.channels.smtp import deliver, mail_server

RECIPIENTS_MAX: Final = 100
SUBJECT_LENGTH_MAX: Final = 900
UNKNOWN: Final = "email.unknown"


def _checked(address: str, info: ValidationInfo) -> str:
    """An address, or a template that is not filled in yet."""
    is_filled = bool(info.context) or "{{" not in address
    if is_filled and (problem := address_problem(address)) is not None:
        raise ValueError(problem)
    return address


def _listed(found: object) -> object:
    return [found] if isinstance(found, str) else found


_Address = Annotated[str, AfterValidator(_checked)]
_Addresses = Annotated[list[_Address], BeforeValidator(_listed, json_schema_input_type=str | list[str]), Field(max_length=RECIPIENTS_MAX)]


class EmailConfig(configs.Config):
    """To whom what is sent."""

    to: Annotated[_Addresses, Field(min_length=1)] = Field(description="An address, or a list of them.")
    cc: _Addresses = Field(default_factory=list, description="Who is sent a copy, for all to see.")
    bcc: _Addresses = Field(default_factory=list, description="Who is sent a copy that nobody sees.")
    reply_to: _Address | None = Field(default=None, description="Where answers go.")
    subject: str = Field(max_length=SUBJECT_LENGTH_MAX, description="One line of text.")
    text: str | None = Field(default=None, description="The mail as plain text.")
    html: str | None = Field(default=None, description="The mail as HTML; with `text` beside it for those who show none.")

    @model_validator(mode="after")
    def _says_something(self) -> EmailConfig:
        if self.text is None and self.html is None:
            raise ValueError("expected a `text`, or `html`, or both")
        return self


class Email:
    """Sends one mail."""

    name = "email"
    summary = "Sends a mail by the mail server of the settings."
    category = "activities"
    icon = "mail"
    begins_with = '{"to": "ada@example.com", "subject": "Your order", "text": "It is on its way."}'
    Config = EmailConfig
    gives: Final = {
        "type": "object",
        "required": ["message_id", "recipients"],
        "properties": {"message_id": {"type": "string"}, "recipients": {"type": "integer", "minimum": 1}},
        "additionalProperties": False,
    }

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings.channels

    def run(self, context: ActivityContext, config: dict[str, Any], data: Any) -> Any:
        """Send it. Raises ActivityError `email.…`, `channel.setting`, `channel.extra`, `input.invalid`, see the reference."""
        wanted = configs.read_config(EmailConfig, config)
        recipients = list(dict.fromkeys([*wanted.to, *wanted.cc, *wanted.bcc]))
        if len(recipients) > RECIPIENTS_MAX:
            message = f"config.to: expected {RECIPIENTS_MAX} addresses at most, with those of cc and bcc, found {len(recipients)}"
            raise ActivityError("input.invalid", message, retryable=False)
        mail = _mail(wanted, mail_server(self._settings).sender, context.idempotency_key)
        deliver(context, self._settings, mail, recipients, UNKNOWN)
        return {"message_id": str(mail["Message-ID"]), "recipients": len(recipients)}


def _mail(wanted: EmailConfig, sender: str, key: str) -> EmailMessage:
    """The mail: what could end a header does not come into one, and all of it is ASCII on its way."""
    mail, what = EmailMessage(policy=SMTP.clone(cte_type="7bit")), hashlib.sha256(key.encode()).hexdigest()
    mail["Subject"] = " ".join(plain(wanted.subject).split())
    mail["From"], mail["To"] = sender, ", ".join(wanted.to)
    if wanted.cc:
        mail["Cc"] = ", ".join(wanted.cc)
    if wanted.reply_to is not None:
        mail["Reply-To"] = wanted.reply_to
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = f"<{what[:32]}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if wanted.text is not None:
        mail.set_content(plain(wanted.text))
    if wanted.html is not None and wanted.text is not None:
        mail.add_alternative(plain(wanted.html), subtype="html")
    elif wanted.html is not None:
        mail.set_content(plain(wanted.html), subtype="html")
    return mail
