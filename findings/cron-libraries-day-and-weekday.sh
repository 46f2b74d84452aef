#!/usr/bin/env bash
# celery 5.7.0, crontab 1.0.5, cron-converter 2.0.2, pycron 3.3.0, cron-descriptor 2.2.1: one cron expression, other days.
#
# Guess:   `0 0 13 * 5` means what cron says, the 13th and every Friday, or is refused; `5/20` begins at 5 and goes on every 20 minutes; what a library cannot read it refuses.
# Seen:    celery, crontab and cron-converter want a Friday the 13th; cron-descriptor tells people the opposite of what those three do. cron-converter takes `5/20` as minute 5 alone. pycron refuses nothing: `5/20` and 7 for Sunday never come. celery takes a range that goes round (`5-1`), and refuses 7 and `5/20`.
# Source:  the packages as published, asked for the first firings from the beginning of 2026 in UTC.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install celery==5.7.0 crontab==1.0.5 cron-converter==2.0.2 pycron==3.3.0 cron-descriptor==2.2.1
cat > "$folder/it.py" <<'PY'
import datetime

import cron_descriptor
import pycron
from celery import Celery
from celery.schedules import crontab
from cron_converter import Cron
from crontab import CronTab

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
app = Celery(set_as_current=False)
app.conf.timezone = "UTC"


def celery(text):
    minute, hour, day, month, weekday = text.split()
    fields = {"minute": minute, "hour": hour, "day_of_month": day, "month_of_year": month, "day_of_week": weekday}
    begin, wait, _ = crontab(**fields, app=app).remaining_delta(START, tz=START.tzinfo)
    return begin + wait


def crontab_(text):
    return CronTab(text).next(START.replace(tzinfo=None), default_utc=True, return_datetime=True)


def converter(text):
    return Cron(text).schedule(START).next()


def pycron_(text):
    times = (START + datetime.timedelta(minutes=5 * number) for number in range(1, 366 * 288))
    return next((time for time in times if pycron.is_now(text, time)), None)


for text in ("0 0 13 * 5", "5/20 * * * *", "0 0 * * 7", "0 0 * * 5-1", "0 0 * * MON"):
    said = []
    for name, first in (("celery", celery), ("crontab", crontab_), ("cron-converter", converter), ("pycron", pycron_)):
        try:
            time = first(text)
            said.append(f"{name} {time:%m-%d %H:%M}" if time else f"{name} never")
        except ValueError:
            said.append(f"{name} refuses")
    print(text, "|", ", ".join(said))
times = Cron("5/20 * * * *").schedule(START)
print("cron-converter, 5/20:", *(f"{times.next():%H:%M}" for _ in range(3)))
print("cron-descriptor:", cron_descriptor.get_description("0 0 13 * 5"))
PY
expected='0 0 13 * 5 | celery 02-13 00:00, crontab 02-13 00:00, cron-converter 02-13 00:00, pycron 01-02 00:00
5/20 * * * * | celery refuses, crontab 01-01 00:05, cron-converter 01-01 00:05, pycron never
0 0 * * 7 | celery refuses, crontab 01-04 00:00, cron-converter 01-04 00:00, pycron never
0 0 * * 5-1 | celery 01-02 00:00, crontab refuses, cron-converter refuses, pycron 01-02 00:00
0 0 * * MON | celery 01-05 00:00, crontab 01-05 00:00, cron-converter 01-05 00:00, pycron 01-05 00:00
cron-converter, 5/20: 00:05 01:05 02:05
cron-descriptor: At 12:00 AM, on day 13 of the month, or on Friday'
found=$("$folder/venv/bin/python" "$folder/it.py" 2>/dev/null)
echo "$found"
[ "$found" = "$expected" ] || { echo "changed"; exit 1; }
echo "as described"
