#!/usr/bin/env bash
# pydantic-monty 1.4.0: a list or dict that holds itself leaves the sandbox as an ordinary text, and half a character as U+FFFD.
#
# Guess:   a result that no JSON can hold is an error, as json.dumps inside of the sandbox says "Circular reference detected".
# Seen:    ["[...]"] and {"a": "{...}"}: the place of the cycle is a text like any other; '\ud800' comes out as '\ufffd'.
# Source:  the package as published.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install pydantic-monty==1.4.0
cat > "$folder/cycles.py" <<'PY'
from pydantic_monty import Monty

with Monty(max_processes=1) as pool:
    for source in ("x = []\nx.append(x)\nx", "x = {}\nx['a'] = x\nx", r"'\ud800'"):
        with pool.checkout() as session:
            print(ascii(session.feed_run(source)))
PY
expected="['[...]']
{'a': '{...}'}
'\\ufffd'"
found=$("$folder/venv/bin/python" -P "$folder/cycles.py")
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
