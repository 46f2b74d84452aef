/** Lines over time, drawn by uPlot; the table beside them says the same, so that a canvas says nothing that is heard. */

import "uplot/dist/uPlot.min.css";
import { type JSX, useEffect, useEffectEvent, useMemo, useRef } from "react";
import uPlot from "uplot";
import { zoneName } from "../../parts/time";
import { type Ink, inkAt, useTheme } from "../../parts/ink";
import { useSettings } from "../../look/settings";
import css from "./page.module.css";
import { say } from "./words";

export interface Line {
  readonly id: string;
  readonly says: string;
  /** The token of its colour: that of a state, or of text. */
  readonly token: string;
  readonly dash?: readonly number[];
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  readonly says: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly write: (value: number) => string;
  /** The axis goes so far at least, so that what is next to nothing looks so. */
  readonly least?: number;
  /** Windows are days, which are those of UTC. */
  readonly areDays: boolean;
  /** A point is clicked: of which line, or of none. */
  readonly onPoint: (at: number, line: Line | null) => void;
}

const HEIGHT = 160;
/** So near a line the mouse means it. */
const NEAR_PX = 24;

export function Chart({ title, says, times, lines, write, least = 1, areDays, onPoint }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const { zone } = useSettings();
  const point = useEffectEvent((at: number, line: number) => onPoint(times[at] ?? 0, lines[line - 1] ?? null));
  const written = useEffectEvent(write);
  const clock = useMemo(() => clockOf(areDays), [areDays, zone]);
  const shape = JSON.stringify(lines.map(({ id, says: called, token, dash }) => [id, called, token, dash]));
  const data = (): uPlot.AlignedData => [times.map((at) => at / 1_000), ...lines.map(({ values }) => [...values])];
  const first = useEffectEvent(data);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const ink = inkAt(element);
    const named = JSON.parse(shape) as [string, string, string, number[] | undefined][];
    const made = new uPlot(options(named, ink, element.clientWidth, clock, least, (value) => written(value), (at, line) => point(at, line)), first(), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme, clock, least]);
  const numbers = JSON.stringify([times, lines.map(({ values }) => values)]);
  useEffect(() => plot.current?.setData(first()), [numbers]);
  return (
    <figure className={css["chart"]}>
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={says} className={css["plot"]} data-chart={title} />
    </figure>
  );
}

/** Half a window: so far the lines stay away from both ends, where no mouse would meet a point. */
function half(plot: uPlot): number {
  const [first = 0, second = first] = plot.data[0] as number[];
  return (second - first) / 2 || 1;
}

/** What reads like the one below it says nothing: half a millisecond is written as one. */
function eachOnce(said: readonly string[]): string[] {
  return said.map((one, at) => (one === said[at - 1] ? "" : one));
}

/** How a line looks, as a border. */
function sampleOf([first = 0]: readonly number[] = []): "solid" | "dashed" | "dotted" {
  return first === 0 ? "solid" : first < 3 ? "dotted" : "dashed";
}

interface Clock {
  readonly zone: string | undefined;
  readonly short: (at: number) => string;
  readonly long: (at: number) => string;
}

/** Hours in the zone that is set, days in UTC: their names stand below the lines. */
function clockOf(areDays: boolean): Clock {
  const zone = areDays ? "UTC" : zoneName();
  const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: zone });
  const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
  return {
    zone,
    short: (at) => (areDays || hour.format(at) === "00:00" ? day.format(at) : hour.format(at)),
    long: (at) => (areDays ? day.format(at) : `${day.format(at)}, ${hour.format(at)}`),
  };
}

function options(named: readonly [string, string, string, number[] | undefined][], ink: Ink, width: number, clock: Clock, leastShown: number, write: (value: number) => string, onPoint: (at: number, line: number) => void): uPlot.Options {
  let near = 0;
  const axis = { stroke: ink("ink-2"), font: "12px Inter Variable, system-ui, sans-serif", grid: { stroke: ink("line-1"), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    ...(clock.zone !== undefined && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), clock.zone as string) }),
    cursor: { y: false, focus: { prox: NEAR_PX }, drag: { x: false, y: false } },
    focus: { alpha: 0.4 },
    legend: { live: true, markers: { dash: (plot, at) => sampleOf(plot.series[at]?.dash) } },
    scales: { x: { range: (plot, least, most) => [least - half(plot), most + half(plot)] }, y: { range: (_, __, most) => [0, Math.max(leastShown, most * 1.08)] } },
    axes: [{ ...axis, values: (_, found) => found.map((seconds) => clock.short(seconds * 1_000)), space: 64 }, { ...axis, size: 64, values: (_, found) => eachOnce(found.map((value) => write(value))) }],
    series: [
      { label: say("time"), value: (_, seconds) => (seconds === null || seconds === undefined ? "–" : clock.long(seconds * 1_000)) },
      ...named.map(([, label, token, dash]) => ({
        label,
        stroke: ink(token),
        width: 1.75,
        ...(dash && { dash }),
        points: { show: true, size: 5, fill: ink(token) },
        value: (_: uPlot, value: number | null) => (value === null ? "–" : write(value)),
      })),
    ],
    hooks: {
      setSeries: [(_, line) => (near = line ?? 0)],
      ready: [
        (plot) =>
          plot.over.addEventListener("click", () => {
            if (plot.cursor.idx !== null && plot.cursor.idx !== undefined) onPoint(plot.cursor.idx, near);
          }),
      ],
    },
  };
}
