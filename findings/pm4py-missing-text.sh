#!/usr/bin/env bash
# pm4py 2.7.23.11: in an event log that is written as XES, a text that is missing is a number.
#
# Guess:   an attribute that an event does not have is left out of the file, or is a text without a value; a time is read as it was written.
# Seen:    it is written as `<float ... value="nan">` beside events where the same key is a string; nanoseconds are written, and cut to microseconds when read; the zone becomes UTC.
# Source:  write_xes and read_xes of the package as published.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install pm4py==2.7.23.11
cat > "$folder/it.py" <<'PY'
import os
import re
import tempfile

import pandas
import pm4py

time = pandas.Timestamp("2026-01-01T00:00:00.123456789+02:00")
rows = [
    {"case:concept:name": "7", "concept:name": "begin", "time:timestamp": time, "who": None},
    {"case:concept:name": "7", "concept:name": "end", "time:timestamp": time, "who": "Ada"},
]
path = os.path.join(tempfile.mkdtemp(), "log.xes")
pm4py.write_xes(pandas.DataFrame(rows), path)
text = open(path).read()
print(*re.findall("<[^<]*who[^<]*>", text), sep="\n")
print(re.findall("<date[^<]*>", text)[0])
print(pm4py.read_xes(path)["time:timestamp"][0].isoformat())
PY
expected='<float key="who" value="nan" />
<string key="who" value="Ada" />
<date key="time:timestamp" value="2026-01-01T00:00:00.123456789+02:00" />
2025-12-31T22:00:00.123456+00:00'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
