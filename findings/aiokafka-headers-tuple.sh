#!/usr/bin/env bash
# aiokafka 0.14.0: a batch made by hand takes a tuple of headers, or refuses it, by whether its C extension is in use.
#
# Guess:   `BatchBuilder.append(headers=…)`, annotated as a Sequence, takes a tuple of headers as it takes a list of them.
# Seen:    TypeError "expected list, got tuple" with the extension; without it (AIOKAFKA_NO_EXTENSIONS=1) the same call is fine.
# Source:  the package as published.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install aiokafka==0.14.0
cat > "$folder/headers.py" <<'PY'
from aiokafka.producer.message_accumulator import BatchBuilder

said = []
for kind in (list, tuple):
    try:
        BatchBuilder(16_384, 0).append(timestamp=1, key=b"k", value=b"v", headers=kind([("content-type", b"x")]))
        said.append(f"{kind.__name__} taken")
    except TypeError as error:
        said.append(f"{kind.__name__} refused: {error}")
print("; ".join(said))
PY
with=$("$folder/venv/bin/python" "$folder/headers.py")
without=$(AIOKAFKA_NO_EXTENSIONS=1 "$folder/venv/bin/python" "$folder/headers.py")
echo "with the extension:    $with"
echo "without the extension: $without"
case "$with" in "list taken; tuple refused:"*) ;; *) echo "changed: with the extension"; exit 1 ;; esac
[ "$without" = "list taken; tuple taken" ] || { echo "changed: without the extension"; exit 1; }
echo "as described"
