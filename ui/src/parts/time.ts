/** Times and durations as they are shown: in the one time zone that is set, which is always said beside them. */

import { settings } from "../look/settings";

export function zoneName(): string | undefined {
  const { zone } = settings();
  return zone === "local" ? undefined : zone;
}

/** How the zone that is set is called at a moment, such as `UTC+2`. */
export function zoneShown(at: number = Date.now()): string {
  const parts = format("zone", { timeZoneName: "shortOffset" }, "en").formatToParts(at);
  return (parts.find((part) => part.type === "timeZoneName")?.value ?? "UTC").replace("GMT", "UTC");
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: string, options: Intl.DateTimeFormatOptions, locale?: string): Intl.DateTimeFormat {
  const key = `${kind} ${settings().zone}`;
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zoneName(), ...options });
    formats.set(key, found);
  }
  return found;
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;

/** The time of today, else with its day; with its year where it is another one. */
export function shortTime(at: string | number, now: number = Date.now()): string {
  const time = new Date(at);
  const day = format("day", { year: "numeric", month: "2-digit", day: "2-digit" });
  if (day.format(time) === day.format(now)) return format("clock", CLOCK).format(time);
  const isThisYear = format("year", { year: "numeric" }).format(time) === format("year", { year: "numeric" }).format(now);
  const kind = isThisYear ? "same-year" : "other-year";
  return format(kind, { ...(isThisYear ? {} : { year: "numeric" }), month: "short", day: "numeric", ...CLOCK }).format(time);
}

/** The time of the day to the millisecond. */
export function clockTime(at: number): string {
  return format("millis", { ...CLOCK, fractionalSecondDigits: 3 }).format(at);
}

/** All that is known of a time, for those who look closely. */
export function longTime(at: string | number): string {
  const exact = format("long", { dateStyle: "full" });
  const time = new Date(at).getTime();
  return `${exact.format(time)}, ${clockTime(time)} ${zoneShown(time)}`;
}

const STEPS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A duration in its two largest units: `301 ms`, `4.2 s`, `2 min 5 s`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const first = STEPS.findIndex(([, length]) => ms >= length);
  const [unit, length] = STEPS[first] ?? STEPS[3];
  const next = STEPS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % length) / next[1]);
  return `${Math.floor(ms / length)} ${unit}${next === undefined || rest === 0 ? "" : ` ${rest} ${next[0]}`}`;
}
