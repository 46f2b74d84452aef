/** A back-fill: which times of a schedule have passed in a range, and that they are started now. */

import { type JSX, useState } from "react";
import { Confirm } from "../../parts/confirm";
import { TextField } from "../../parts/field";
import { longTime, zoneName, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { type Backfilled, backfill, type Range, useDue } from "./data";
import { momentOf, wallOf } from "../../parts/wall";
import css from "./page.module.css";
import { say } from "./words";

const DAY_MS = 86_400_000;

interface BackfillProps {
  readonly name: string;
  readonly onDone: (done: Backfilled) => void;
  readonly onClose: () => void;
}

export function Backfill({ name, onDone, onClose }: BackfillProps): JSX.Element {
  const [opened] = useState(() => Date.now());
  const zone = zoneName();
  const [since, setSince] = useState(() => wallOf(opened - DAY_MS, zone));
  const [until, setUntil] = useState(() => wallOf(opened, zone));
  const begin = momentOf(since, zone);
  const end = momentOf(until, zone);
  const wrongEnd = end === null ? say("notTime") : end > Date.now() ? say("future") : begin !== null && end <= begin ? say("order") : undefined;
  const range: Range | null = begin === null || wrongEnd !== undefined || end === null ? null : { since: new Date(begin).toISOString(), until: new Date(end).toISOString() };
  const due = useDue(name, range);
  const times = due.isPlaceholderData ? undefined : due.data?.started;
  const go = async () => {
    if (range !== null) onDone(await backfill(name, range));
  };
  const not = range === null ? "" : times === undefined ? (due.isError ? "" : say("counting")) : times.length === 0 ? say("none") : undefined;
  const shown = { zone: zoneShown(opened) };
  return (
    <Confirm title={`${say("backfill")}: ${name}`} does={range === null || times === undefined ? say("backfill") : say("start", { n: times.length })} not={not} onDo={go} onClose={onClose}>
      <p>{say("backfillDoes")}</p>
      <div className={css["range"]}>
        <TextField type="datetime-local" label={say("from", shown)} value={since} problem={begin === null ? say("notTime") : undefined} onChange={(event) => setSince(event.target.value)} />
        <TextField type="datetime-local" label={say("until", shown)} value={until} problem={wrongEnd} onChange={(event) => setUntil(event.target.value)} />
      </div>
      {range !== null && due.error !== null && <Told error={due.error} onRetry={() => void due.refetch()} />}
      {range !== null && times !== undefined && times.length > 0 && <p role="status">{say("due", { n: times.length, first: longTime(times[0]?.due ?? ""), last: longTime(times.at(-1)?.due ?? "") })}</p>}
      {range !== null && due.data?.next != null && times !== undefined && <p>{say("more", { next: longTime(due.data.next) })}</p>}
    </Confirm>
  );
}
