#!/usr/bin/env bash
# cel-expr-python 0.1.3: a map literal of CEL comes back in another order in another process, although nothing is random in it.
#
# Guess:   {'b': 1, 'a': 2, 'c': 3, …} keeps the order written, as maps of Python do, or is at least always in the same order.
# Seen:    of 12 processes that evaluate the same literal of eight keys, at least two differ; PYTHONHASHSEED=0 changes nothing.
# Source:  the package as published; CEL itself leaves the order of maps open.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install cel-expr-python==0.1.3
cat > "$folder/order.py" <<'PY'
from cel_expr_python import cel

found = cel.NewEnv(variables={}).compile("{'h': 1, 'g': 2, 'f': 3, 'e': 4, 'd': 5, 'c': 6, 'b': 7, 'a': 8}").eval(data={})
print("".join(found.plain_value()))
PY
for _ in $(seq 12); do PYTHONHASHSEED=0 "$folder/venv/bin/python" "$folder/order.py"; done > "$folder/orders"
cat "$folder/orders"
[ "$(sort -u "$folder/orders" | wc -l)" -gt 1 ] || { echo "changed: all processes agree on the order"; exit 1; }
echo "as described: $(sort -u "$folder/orders" | wc -l) orders in 12 processes"
