#!/usr/bin/env bash
# cronsim 2.8: on Lord Howe Island, where the clock is set back by half an hour, every second hour leaves one out.
#
# Guess:   `15 */2 * * *` is due at 00:15, 02:15 and 04:15 on every day on which these times exist once.
# Seen:    on the day on which the clock goes from 02:00 back to 01:30 the one at 02:15 is left out; asked from 02:00 on, it is there.
# Source:  the package as published.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install cronsim==2.8 tzdata
cat > "$folder/hours.py" <<'PY'
from datetime import datetime
from zoneinfo import ZoneInfo
from cronsim import CronSim

zone = ZoneInfo("Australia/Lord_Howe")
times = CronSim("15 */2 * * *", datetime(2027, 4, 4, tzinfo=zone))
print([next(times).strftime("%H:%M") for _ in range(2)], next(CronSim("15 */2 * * *", datetime(2027, 4, 4, 2, tzinfo=zone))).strftime("%H:%M"))
PY
found=$("$folder/venv/bin/python" "$folder/hours.py")
echo "from midnight on, and from two on: $found"
[ "$found" = "['00:15', '04:15'] 02:15" ] || { echo "changed"; exit 1; }
echo "as described"
