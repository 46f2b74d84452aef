/** The page's connection, and how components subscribe to it. */

import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import { liveAddress } from "../api/place";
import { type Ask, Live, type LiveProblem, type LiveState, type Socket, type Told } from "./connection";

export const live = new Live({
  open: () => new WebSocket(liveAddress()) as unknown as Socket,
  now: () => Date.now(),
  later: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  chance: () => Math.random(),
});

window.addEventListener("online", () => live.tryNow());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) live.tryNow();
});

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (hearer) => live.hear(hearer),
    () => live.state,
  );
}

/** Subscribe as long as the component is there; asks anew when `ask` says something else. `null` asks for nothing. */
export function useLive(ask: Ask | null, told: Told): void {
  const hear = useEffectEvent((kind: keyof Told, ...given: unknown[]) => (told[kind] as ((...given: unknown[]) => void) | undefined)?.(...given));
  const said = JSON.stringify(ask);
  useEffect(() => {
    const asked = JSON.parse(said) as Ask | null;
    if (asked === null) return;
    return live.subscribe(asked, {
      event: (event, position) => hear("event", event, position),
      rows: (rows) => hear("rows", rows),
      passing: (message) => hear("passing", message),
      end: (why) => hear("end", why),
      problem: (problem) => hear("problem", problem),
    });
  }, [said]);
}

export interface LiveRows<Row> {
  /** `null` until the first have come. */
  readonly rows: readonly Row[] | null;
  readonly problem: LiveProblem | null;
}

/** The rows of a live list. Those of another question are never shown as its answer. */
export function useLiveRows<Row>(ask: Extract<Ask, { subscribe: "list" | "tasks" }> | null): LiveRows<Row> {
  const said = JSON.stringify(ask);
  const [held, setHeld] = useState<{ said: string } & LiveRows<Row>>({ said, rows: null, problem: null });
  useLive(ask, {
    rows: (rows) => setHeld({ said, rows: rows as unknown as Row[], problem: null }),
    problem: (problem) => setHeld({ said, rows: null, problem }),
  });
  return held.said === said ? held : { rows: null, problem: null };
}
