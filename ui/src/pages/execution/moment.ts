/** What the page shows of an execution: the moment that is looked at, and how its graph looks then. */

import { useMemo } from "react";
import { type Chosen, type Looks, Looking } from "../../graph/looks";
import type { Room } from "../../graph/outline";
import { Moment } from "../../trace/moment";
import type { Trace } from "../../trace/trace";

export interface Shown {
  readonly moment: Moment;
  readonly looks: Looks & Partial<Pick<Looking, "takeChanged">>;
  /** The event that it is shown after. */
  readonly at: number;
  readonly isPast: boolean;
  /** Whether it stays there: while one drags, nothing is asked of the server. */
  readonly isResting: boolean;
}

/** `null` until the trace is there. `version` is how far that goes, as the trace itself stays the same object. */
export function useShown(trace: Trace | null, version: number, at: number | undefined, isResting: boolean, outline: Room | null, chosen: Chosen): Shown | null {
  const moment = useMemo(() => (trace === null ? null : new Moment(trace)), [trace]);
  const looking = useMemo(() => (moment === null || outline === null ? null : new Looking(outline, moment, chosen)), [moment, outline, chosen]);
  return useMemo(() => {
    if (moment === null || version === 0) return null;
    const to = Math.max(1, Math.min(at ?? version, version));
    if (looking === null) moment.go(to);
    else looking.go(to);
    return { moment, looks: looking ?? NOTHING, at: to, isPast: to < version, isResting };
  }, [moment, version, at, isResting, looking]);
}

const NOTHING: Looks = { boxes: new Map(), links: new Map(), rooms: new Map() };

/** An execution after one of its events, as the page that compares has it; without an event as it is now. */
export function namedAt(id: string, at: number | undefined): string {
  return at === undefined ? id : `${id}@${at}`;
}

/** `each:3` and the like, as the address has them. */
export function chosenIn(iterations: readonly string[] | undefined): Chosen {
  return new Map(
    (iterations ?? []).flatMap((one) => {
      const colon = one.lastIndexOf(":");
      const number = Number(one.slice(colon + 1));
      return colon > 0 && Number.isInteger(number) && number >= 0 ? [[one.slice(0, colon), number] as const] : [];
    }),
  );
}

/** With another iteration of a loop chosen; null for the last one, whichever that is. */
export function withChosen(chosen: Chosen, loop: string, number: number | null): Chosen {
  const others = [...chosen].filter(([one]) => one !== loop);
  return new Map(number === null ? others : [...others, [loop, number]]);
}

export function chosenOut(chosen: Chosen): string[] | undefined {
  return chosen.size === 0 ? undefined : [...chosen].map(([loop, number]) => `${loop}:${number}`);
}
