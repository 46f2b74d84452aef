/** A back-fill: which times of a schedule have passed in a range, and that they are started now, with how far that is. */

import { type JSX, useRef, useState } from "react";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { TextField } from "../../parts/field";
import { Progress } from "../../parts/progress";
import { longTime, zoneName, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { momentOf, wallOf } from "../../parts/wall";
import { type Backfilled, backfill, type Range, useDue } from "./data";
import css from "./page.module.css";
import { say } from "./words";

const DAY_MS = 86_400_000;
/** So many times are shown one by one before they are started. */
const SHOWN = 5;

interface BackfillProps {
  readonly name: string;
  /** What became of them, as far as it went. */
  readonly onDone: (done: Backfilled) => void;
  readonly onClose: () => void;
}

export function Backfill({ name, onDone, onClose }: BackfillProps): JSX.Element {
  const [opened] = useState(() => Date.now());
  const zone = zoneName();
  const [since, setSince] = useState(() => wallOf(opened - DAY_MS, zone));
  const [until, setUntil] = useState(() => wallOf(opened, zone));
  const [far, setFar] = useState<{ readonly n: number; readonly share: number } | null>(null);
  const stopping = useRef<AbortController | null>(null);
  const begin = momentOf(since, zone);
  const end = momentOf(until, zone);
  const wrongEnd = end === null ? say("notTime") : end > Date.now() ? say("future") : begin !== null && end <= begin ? say("order") : undefined;
  const range: Range | null = begin === null || wrongEnd !== undefined || end === null ? null : { since: new Date(begin).toISOString(), until: new Date(end).toISOString() };
  const due = useDue(name, range);
  const times = due.data?.started;
  const hasMore = due.data?.next != null;
  const go = async () => {
    if (range === null || begin === null || end === null) return;
    const made: Backfilled[number][] = [];
    stopping.current = new AbortController();
    try {
      await backfill(
        name,
        range,
        (some, upTo) => {
          made.push(...some);
          setFar({ n: made.length, share: (Date.parse(upTo) - begin) / (end - begin) });
        },
        stopping.current.signal,
      );
    } finally {
      setFar(null);
      if (made.length > 0) onDone(made);
    }
  };
  const not = range === null ? "" : times === undefined ? (due.isError ? "" : say("counting")) : times.length === 0 ? say("none") : undefined;
  const shown = { zone: zoneShown(opened) };
  const does = range === null || times === undefined ? say("backfill") : say(hasMore ? "startMore" : "start", { n: times.length });
  return (
    <Confirm title={`${say("backfill")}: ${name}`} does={does} not={not} onDo={go} onClose={far === null ? onClose : () => stopping.current?.abort()}>
      <p>{say("backfillDoes")}</p>
      <div className={css["range"]}>
        <TextField type="datetime-local" label={say("from", shown)} value={since} problem={begin === null ? say("notTime") : undefined} onChange={(event) => setSince(event.target.value)} />
        <TextField type="datetime-local" label={say("until", shown)} value={until} problem={wrongEnd} onChange={(event) => setUntil(event.target.value)} />
      </div>
      {range !== null && due.error !== null && <Told error={due.error} onRetry={() => void due.refetch()} />}
      {range !== null && times !== undefined && times.length > 0 && <Seen times={times.map((one) => one.due)} hasMore={hasMore} />}
      {far !== null && (
        <div className={css["far"]}>
          <Progress says={say("backfill")} share={far.share} />
          <p role="status">{say("far", { n: far.n })}</p>
          <Button onClick={() => stopping.current?.abort()}>{say("stop")}</Button>
        </div>
      )}
    </Confirm>
  );
}

/** The times that are about to be started. */
function Seen({ times, hasMore }: { times: readonly string[]; hasMore: boolean }): JSX.Element {
  const head = times.length <= SHOWN + 1 ? times : times.slice(0, SHOWN);
  return (
    <>
      <p role="status">{say(hasMore ? "dueMore" : "due", { n: times.length, first: longTime(times[0] ?? ""), last: longTime(times.at(-1) ?? "") })}</p>
      <ul className={css["times"]}>
        {head.map((at) => (
          <li key={at}>
            <time dateTime={at}>{longTime(at)}</time>
          </li>
        ))}
        {head.length < times.length && <li className="soft">{say("andMore", { n: times.length - head.length })}</li>}
      </ul>
    </>
  );
}
