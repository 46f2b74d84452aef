/** The reel: all events as fine bars. Drag it, and the whole page is as it was then. */

import { type JSX, type KeyboardEvent, memo, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { useSettings } from "../../look/settings";
import { inkAt, useTheme } from "../../parts/ink";
import { Kbd } from "../../parts/kbd";
import { useSteady } from "../../parts/steady";
import { clockTime, longTime, zoneShown } from "../../parts/time";
import type { Trace } from "../../trace/trace";
import { Button, IconButton } from "../../parts/button";
import { Choice } from "../../parts/choice";
import { barsByTime, barsOf } from "./bars";
import css from "./reel.module.css";
import { REEL } from "./route";
import { Idle, TimeScale } from "./scale";
import { say } from "./words";

interface ReelProps {
  readonly trace: Trace;
  readonly version: number;
  readonly at: number;
  readonly isPast: boolean;
  readonly isResting: boolean;
  /** What it runs by. */
  readonly by: (typeof REEL)[number];
  readonly onBy: (by: (typeof REEL)[number]) => void;
  /** Which event is marked, to compare another one with it. */
  readonly mark: number | undefined;
  readonly onMark: (mark: number | undefined) => void;
  readonly onCompare: (mark: number) => void;
  /** While it is dragged, and once it rests. */
  readonly onGo: (at: number, isResting: boolean) => void;
}

export function Reel({ trace, version, at, isPast, isResting, by, mark, onBy, onMark, onCompare, onGo }: ReelProps): JSX.Element {
  const { zone } = useSettings();
  const event = trace.event(at);
  const path = trace.path(event.place);
  const hour = Math.floor(event.time / 3_600_000);
  const shownZone = useMemo(() => zoneShown(event.time), [zone, hour]);
  const onByNow = useSteady(onBy);
  return (
    <div className={css["reel"]}>
      <div className={css["now"]}>
        <p className={css["count"]}>
          <strong>{at}</strong> / {version}
        </p>
        <p className="mono" title={isResting ? longTime(event.time) : undefined} data-zone={zone}>
          {clockTime(event.time)} <span className="soft">{shownZone}</span>
        </p>
        <Keys />
      </div>
      <Bars trace={trace} version={version} at={at} isPast={isPast} by={by} mark={mark} onGo={onGo} says={say("reelAt", { at, all: version, type: event.type, path })} />
      <div className={css["event"]}>
        <p>
          <span>{event.type}</span> <code>{path}</code>
        </p>
        <span className={css["marks"]}>
          {mark !== undefined && mark !== at ? (
            <Button look="bare" onClick={() => onCompare(mark)}>
              {say("compareWith", { at: mark })}
            </Button>
          ) : (
            <Button look="bare" aria-pressed={mark === at} title={say("markSays")} onClick={() => onMark(mark === at ? undefined : at)}>
              {say(mark === at ? "unmark" : "mark")}
            </Button>
          )}
          {mark !== undefined && mark !== at && <IconButton icon="close" says={say("unmark")} onClick={() => onMark(undefined)} />}
        </span>
        <By by={by} onBy={onByNow} />
      </div>
    </div>
  );
}

const Keys = memo(function Keys(): JSX.Element {
  return (
    <p className={css["keys"]}>
      <Kbd keys="arrowleft" />
      <Kbd keys="arrowright" /> {say("eventKeys")} <Kbd keys="[" />
      <Kbd keys="]" /> {say("failureKeys")}
    </p>
  );
});

const By = memo(function By({ by, onBy }: Pick<ReelProps, "by" | "onBy">): JSX.Element {
  return <Choice label={say("reelBy")} options={REEL.map((value) => ({ value, says: say(value === "event" ? "byEvent" : "byClock") }))} chosen={by} onChoose={onBy} />;
});

function Bars({ trace, version, at, isPast, by, mark, onGo, says }: Omit<ReelProps, "onBy" | "isResting" | "onMark" | "onCompare"> & { says: string }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const theme = useTheme();
  const columns = Math.max(1, Math.floor(size.width / 3));
  const idle = useMemo(() => new Idle(trace.times), [trace]);
  const scale = useMemo(() => (by === "time" ? new TimeScale(trace.times, idle) : null), [trace, version, by, idle]);
  const bars = useMemo(() => (scale === null ? barsOf(trace, columns) : barsByTime(trace, columns, scale)), [trace, version, columns, scale]);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const drawn = canvas.current;
    const context = drawn?.getContext("2d");
    if (!drawn || !context || size.width === 0) return;
    const sharp = window.devicePixelRatio;
    drawn.width = Math.round(size.width * sharp);
    drawn.height = Math.round(size.height * sharp);
    context.scale(sharp, sharp);
    const colours = inkAt(drawn);
    const wide = size.width / bars.length;
    const gap = wide > 4 ? Math.min(2, wide * 0.25) : wide > 2 ? 1 : 0;
    for (const [column, { look, height }] of bars.entries()) {
      if (height === 0) continue;
      const high = Math.max(3, height * (size.height - 8));
      context.fillStyle = colours(look ?? "line-2");
      context.fillRect(column * wide, size.height - high, Math.max(1, Math.min(14, wide - gap)), high);
    }
  }, [bars, size, theme]);
  const place = (event: number) => (scale === null ? (event - 0.5) / version : scale.at(trace.times.at(event - 1))) * 100;
  const x = place(at);
  const to = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return at;
    const where = (event.clientX - box.left) / box.width;
    const to = scale === null ? Math.ceil(where * version) : trace.versionAt(scale.timeAt(where));
    return Math.max(1, Math.min(version, to));
  };
  const pressed = (event: KeyboardEvent) => {
    const next = { Home: 1, End: version, PageUp: at - Math.ceil(version / 20), PageDown: at + Math.ceil(version / 20) }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onGo(Math.max(1, Math.min(version, next)), true);
  };
  return (
    <div
      ref={frame}
      role="slider"
      data-reel=""
      tabIndex={0}
      aria-label={say("reel")}
      aria-valuemin={1}
      aria-valuemax={version}
      aria-valuenow={at}
      aria-valuetext={says}
      className={css["bars"]}
      onKeyDown={pressed}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onGo(to(event), false);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && onGo(to(event), false)}
      onPointerUp={(event) => onGo(to(event), true)}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {mark !== undefined && mark >= 1 && mark <= version && <div className={css["mark"]} style={{ left: `${place(mark)}%` }} />}
      {isPast && <div className={css["later"]} style={{ left: `${x}%` }} />}
      {isPast && (
        <div className={css["head"]} style={{ left: `${x}%` }}>
          <span />
        </div>
      )}
    </div>
  );
}
