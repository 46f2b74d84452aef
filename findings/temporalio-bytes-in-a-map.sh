#!/usr/bin/env bash
# temporalio 1.35.0: bytes are bytes as a value of their own, and a list of numbers inside of a map.
#
# Guess:   the default converter treats bytes alike wherever they stand: as binary, as base64, or as an error; and refuses what it cannot bring back.
# Seen:    bytes alone come back as bytes; in a map, and as a bytearray, they become a list of numbers without a word. A set becomes a list; a timedelta, a Decimal and a plain enum are TypeErrors, though a UUID and a datetime pass as text.
# Source:  the default payload converter as published, to_payload and from_payload without a type hint.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install temporalio==1.35.0
cat > "$folder/it.py" <<'PY'
import datetime
import decimal
import enum
import uuid

from temporalio.converter import default

converter = default().payload_converter
Colour = enum.Enum("Colour", ["RED"])
values = [
    b"x", bytearray(b"x"), {"a": b"x"}, {1}, uuid.UUID(int=1), datetime.datetime(2026, 1, 1),
    datetime.timedelta(1), decimal.Decimal("1.1"), Colour.RED,
]
for value in values:
    name = f"{type(value).__name__:10}"
    try:
        payload = converter.to_payload(value)
    except TypeError:
        print(name, "TypeError")
        continue
    print(name, payload.metadata["encoding"].decode(), payload.data.decode(), type(converter.from_payload(payload)).__name__)
PY
expected='bytes      binary/plain x bytes
bytearray  json/plain [120] list
dict       json/plain {"a":[120]} dict
set        json/plain [1] list
UUID       json/plain "00000000-0000-0000-0000-000000000001" str
datetime   json/plain "2026-01-01T00:00:00" str
timedelta  TypeError
Decimal    TypeError
Colour     TypeError'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
