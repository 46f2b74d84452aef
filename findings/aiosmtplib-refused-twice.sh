#!/usr/bin/env bash
# aiosmtplib 5.1.3 beside aiosmtpd 1.4.6: one `send` with a refused password shows it twice, and what a server lacks is no error of its own.
#
# Guess:   a password that the server refuses (535) is shown once; a server without AUTH or STARTTLS raises SMTPNotSupported, which there is.
# Seen:    after PLAIN was refused the same password is tried by LOGIN, so whoever counts tries counts two; of what is not offered the plain SMTPException is raised.
# Source:  the packages as published (aiosmtplib/smtp.py `login`, `_maybe_start_tls_on_connect`), a local server.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install aiosmtplib==5.1.3 aiosmtpd==1.4.6
cat > "$folder/it.py" <<'PY'
import asyncio
import socket

import aiosmtplib
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

tried = []


def refuses(server, session, envelope, mechanism, data):
    tried.append(mechanism)
    return AuthResult(success=False, handled=False)


class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 taken"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as made:
        return made.getsockname()[1]


async def send(port, **how):
    try:
        await aiosmtplib.send("Subject: x\r\n\r\nx\r\n", sender="a@x.example", recipients=["b@x.example"], hostname="127.0.0.1", port=port, **how)
    except aiosmtplib.SMTPException as error:
        return type(error).__name__
    return "sent"


def ask(auth, **how):
    port = free_port()
    more = {"authenticator": refuses, "auth_require_tls": False, "auth_required": True} if auth else {}
    controller = Controller(Sink(), hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        return asyncio.run(send(port, **how))
    finally:
        controller.stop()


print("refused ", ask(True, username="ada", password="wrong", start_tls=False), tried)
print("no AUTH ", ask(False, username="ada", password="wrong", start_tls=False))
print("no TLS  ", ask(False, start_tls=True))
PY
expected="refused  SMTPAuthenticationError ['PLAIN', 'LOGIN']
no AUTH  SMTPException
no TLS   SMTPException"
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
