#!/usr/bin/env bash
# msgspec 0.22.0: a field annotated `msgspec.Raw | None` can be decoded from null only.
#
# Guess:   as Raw takes any value unparsed, Raw | None takes any value, and None stands for null or for a field that is missing.
# Seen:    anything but null is a ValidationError "Expected `null`, got `object`"; a plain Raw takes null as well.
# Source:  the package as published, JSON and MessagePack alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install msgspec==0.22.0
cat > "$folder/raw.py" <<'PY'
import msgspec


class Optional(msgspec.Struct):
    x: msgspec.Raw | None = None


class Plain(msgspec.Struct):
    x: msgspec.Raw = msgspec.Raw(b"null")


for kind in (Optional, Plain):
    for text in (b'{"x":null}', b'{"x":{"a":1}}', b"{}"):
        try:
            found = msgspec.json.decode(text, type=kind).x
            print(kind.__name__, text.decode(), "->", None if found is None else bytes(found).decode())
        except msgspec.ValidationError as error:
            print(kind.__name__, text.decode(), "->", error)
PY
expected='Optional {"x":null} -> None
Optional {"x":{"a":1}} -> Expected `null`, got `object` - at `$.x`
Optional {} -> None
Plain {"x":null} -> null
Plain {"x":{"a":1}} -> {"a":1}
Plain {} -> null'
found=$("$folder/venv/bin/python" "$folder/raw.py")
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
