#!/usr/bin/env bash
# python-jsonpath 2.2.2: `?@.x > 0` selects an x that is true; jsonpath-rfc9535 and jsonpath-ng do not.
#
# Guess:   as the package says that it follows RFC 9535, only numbers compare with numbers by `<` and `>`, and true is none.
# Seen:    true is above 0 and not equal to 1; the other two select numbers only.
# Source:  the packages as published; RFC 9535 section 2.3.5.2.2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install python-jsonpath==2.2.2 jsonpath-rfc9535==1.0.1 jsonpath-ng==1.16.0
cat > "$folder/it.py" <<'PY'
import json

import jsonpath
import jsonpath_ng.ext
import jsonpath_rfc9535

data = [{"x": 1}, {"x": True}, {"x": "1"}, {"x": None}]
for query in ("$[?(@.x > 0)]", "$[?(@.x == 1)]"):
    print(query, "| python-jsonpath ", json.dumps(jsonpath.findall(query, data)))
    print(query, "| jsonpath-rfc9535", json.dumps(jsonpath_rfc9535.find(query, data).values()))
    print(query, "| jsonpath-ng     ", json.dumps([found.value for found in jsonpath_ng.ext.parse(query).find(data)]))
PY
expected='$[?(@.x > 0)] | python-jsonpath  [{"x": 1}, {"x": true}]
$[?(@.x > 0)] | jsonpath-rfc9535 [{"x": 1}]
$[?(@.x > 0)] | jsonpath-ng      [{"x": 1}]
$[?(@.x == 1)] | python-jsonpath  [{"x": 1}]
$[?(@.x == 1)] | jsonpath-rfc9535 [{"x": 1}]
$[?(@.x == 1)] | jsonpath-ng      [{"x": 1}]'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
