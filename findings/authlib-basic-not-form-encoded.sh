#!/usr/bin/env bash
# authlib 1.9.10: `client_secret_basic` shows a client's id and secret as they are, where the standard has them written as a form first.
#
# Guess:   RFC 6749, 2.3.1: "encoded using the application/x-www-form-urlencoded encoding algorithm", then joined by a colon, then base64.
# Seen:    neither is encoded: an id with a colon is cut by whoever reads it, a `%` or `+` becomes something else there; and a secret with a letter beyond Latin-1 cannot be sent at all.
# Source:  the package as published (authlib/oauth2/auth.py); RFC 6749 section 2.3.1 and appendix B.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install Authlib==1.9.10
cat > "$folder/it.py" <<'PY'
import base64
from urllib.parse import unquote_plus

from authlib.oauth2.auth import ClientAuth


def read_as_the_standard_says(client, secret):
    try:
        _, headers, _ = ClientAuth(client, secret, "client_secret_basic").prepare("POST", "https://x.example/token", {}, "")
    except UnicodeEncodeError as error:
        return type(error).__name__
    shown = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode("latin1")
    return tuple(unquote_plus(part) for part in shown.split(":", 1))


print("plain  ", read_as_the_standard_says("client", "secret"))
print("percent", read_as_the_standard_says("client", "100%25"))
print("plus   ", read_as_the_standard_says("client", "a+b"))
print("colon  ", read_as_the_standard_says("urn:client", "secret"))
print("euro   ", read_as_the_standard_says("client", "5 \u20ac"))
PY
expected="plain   ('client', 'secret')
percent ('client', '100%')
plus    ('client', 'a b')
colon   ('urn', 'client:secret')
euro    UnicodeEncodeError"
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
