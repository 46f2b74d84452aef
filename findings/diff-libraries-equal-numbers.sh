#!/usr/bin/env bash
# deepdiff 9.1.0 and dictdiffer 0.10.0: whether 1 that becomes true is a change depends on where it stands.
#
# Guess:   a library that compares JSON values tells 1 from true and from 1.0, or does not, but everywhere alike.
# Seen:    deepdiff says a change of type for 1 and true as the value of a key, and no difference where the same stands in a list; dictdiffer says no difference for either.
# Source:  the packages as published, with their defaults.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install deepdiff==9.1.0 dictdiffer==0.10.0
cat > "$folder/it.py" <<'PY'
import json

import deepdiff
import dictdiffer

for before, after in (({"a": 1}, {"a": True}), ({"a": [1]}, {"a": [True]}), ({"a": 1}, {"a": 1.0}), ({"a": [1]}, {"a": [1.0]})):
    deep = "differs" if deepdiff.DeepDiff(before, after) else "same"
    flat = "differs" if list(dictdiffer.diff(before, after)) else "same"
    print(json.dumps(before), json.dumps(after), "| deepdiff", deep, "| dictdiffer", flat)
PY
expected='{"a": 1} {"a": true} | deepdiff differs | dictdiffer same
{"a": [1]} {"a": [true]} | deepdiff same | dictdiffer same
{"a": 1} {"a": 1.0} | deepdiff differs | dictdiffer same
{"a": [1]} {"a": [1.0]} | deepdiff same | dictdiffer same'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
