/** The timeline: a row for each run of a node, from when to when it waited for its turn, ran, waited. Idle time is drawn short. */

import { type JSX, memo, useMemo, useRef } from "react";
import { useSteady } from "../../parts/steady";
import { lookOf } from "../../parts/state";
import { names } from "../../parts/class-names";
import { useNarrow } from "../../parts/narrow";
import { useRows } from "../../parts/rows";
import { duration } from "../../parts/time";
import { sayState } from "../../words/en";
import type { Trace } from "../../trace/trace";
import { type Row, Rows, stretchesOf } from "./rows";
import { Idle, TimeScale } from "./scale";
import css from "./timeline.module.css";
import { say } from "./words";

interface TimelineProps {
  readonly trace: Trace;
  readonly version: number;
  readonly at: number;
  readonly isPast: boolean;
  /** The path of the run that is chosen. */
  readonly chosen: string | null;
  readonly onChoose: (run: string) => void;
}

export function Timeline({ trace, version, at, isPast, chosen, onChoose }: TimelineProps): JSX.Element {
  const rows = useMemo(() => new Rows(trace), [trace]).now;
  const idle = useMemo(() => new Idle(trace.times), [trace]);
  const scale = useMemo(() => new TimeScale(trace.times, idle), [trace, version, idle]);
  const onChooseNow = useSteady(onChoose);
  const scroller = useRef<HTMLDivElement>(null);
  const { first, last, top, height, size } = useRows(scroller, rows.length, 1);
  const head = scale.at(trace.times.at(at - 1)) * 100;
  const isNarrow = useNarrow();
  const marks = useMemo(() => scale.marks(isNarrow ? 2 : 6), [scale, isNarrow]);
  return (
    <div ref={scroller} className={css["timeline"]} role="group" aria-label={say("timeline")} tabIndex={-1}>
      <div className={css["marks"]} aria-hidden="true">
        <span className={css["title"]}>{say("timeline")}</span>
        <span className={css["line"]}>
          {marks.map(({ where, ms }) => (
            <span key={where} className={css["mark"]} style={{ left: `${where * 100}%` }}>
              {duration(ms)}
            </span>
          ))}
        </span>
      </div>
      <div className={css["rows"]} style={{ height }}>
        {rows.slice(first, last + 1).map((row, offset) => (
          <Line key={row.place} row={row} trace={trace} version={version} scale={scale} top={top + offset * size} isChosen={row.path === chosen} isLater={row.begun > at} onChoose={onChooseNow} />
        ))}
        {isPast && (
          <span className={css["over"]} aria-hidden="true">
            <span className={css["later"]} style={{ left: `${head}%` }} />
            <span className={css["head"]} style={{ left: `${head}%` }} />
          </span>
        )}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly trace: Trace;
  readonly version: number;
  readonly scale: TimeScale;
  readonly top: number;
  readonly isChosen: boolean;
  readonly isLater: boolean;
  readonly onChoose: (run: string) => void;
}

/** Drawn again only where it is another one: while one drags, hardly any is. */
const Line = memo(function Line({ row, trace, version, scale, top, isChosen, isLater, onChoose }: LineProps): JSX.Element {
  const stretches = useMemo(() => stretchesOf(trace, row.place), [trace, version, row.place]);
  const from = stretches[0]?.from ?? 0;
  const to = stretches.at(-1)?.to ?? from;
  return (
    <div className={names(css["row"], isChosen && css["chosen"])} style={{ transform: `translateY(${top}px)` }}>
      <button type="button" className={names(css["path"], isLater && css["faint"])} title={row.path} onClick={() => onChoose(row.path)}>
        {row.path}
      </button>
      <span className={css["line"]} title={`${row.path}: ${duration(to - from)}`}>
        {stretches.map((stretch, at) => {
          const left = scale.at(stretch.from) * 100;
          const width = scale.at(stretch.to) * 100 - left;
          return (
            <span key={at} className={names(css["stretch"], css[lookOf(stretch.status)])} style={{ left: `${left}%`, width: `${width}%` }} title={`${sayState(stretch.status)}, ${duration(stretch.to - stretch.from)}`} />
          );
        })}
      </span>
    </div>
  );
});
