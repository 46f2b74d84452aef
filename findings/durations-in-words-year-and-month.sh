#!/usr/bin/env bash
# humanfriendly 10.0, pytimeparse 1.1.10, durationpy 0.11, aniso8601 10.0.1: what a year and an `M` are.
#
# Guess:   a year that is given a length has 365 days, or 365.25; `1M` is a month or refused where `1m` is a minute; what is no duration is an error.
# Seen:    humanfriendly has a year of 364 days, 52 weeks; for pytimeparse and humanfriendly `1M` is a minute; pytimeparse gives None for `1ms`, `90` and `1y`, without an error; aniso8601 makes P1M 30 days and P1Y 365.
# Source:  the packages as published; seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install humanfriendly==10.0 pytimeparse==1.1.10 durationpy==0.11 aniso8601==10.0.1
cat > "$folder/it.py" <<'PY'
import aniso8601
import durationpy
import humanfriendly
import pytimeparse

READERS = {
    "humanfriendly": humanfriendly.parse_timespan,
    "pytimeparse": pytimeparse.parse,
    "durationpy": lambda text: durationpy.from_str(text).total_seconds(),
    "aniso8601": lambda text: aniso8601.parse_duration(text).total_seconds(),
}
for text in ("1y", "1m", "1M", "1ms", "90", "P1M", "P1Y"):
    said = []
    for name, read in READERS.items():
        try:
            said.append(f"{name} {read(text)}")
        except (ValueError, humanfriendly.InvalidTimespan, durationpy.DurationError):
            said.append(f"{name} refuses")
    print(text, "|", ", ".join(said))
PY
expected='1y | humanfriendly 31449600.0, pytimeparse None, durationpy 31536000.0, aniso8601 refuses
1m | humanfriendly 60.0, pytimeparse 60, durationpy 60.0, aniso8601 refuses
1M | humanfriendly 60.0, pytimeparse 60, durationpy refuses, aniso8601 refuses
1ms | humanfriendly 0.001, pytimeparse None, durationpy 0.001, aniso8601 refuses
90 | humanfriendly 90.0, pytimeparse None, durationpy refuses, aniso8601 refuses
P1M | humanfriendly refuses, pytimeparse None, durationpy refuses, aniso8601 2592000.0
P1Y | humanfriendly refuses, pytimeparse None, durationpy refuses, aniso8601 31536000.0'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
