/** The trace of an execution as it grows: the whole of it once, and then what comes, when something has happened. */

import { useCallback, useEffect, useRef, useState } from "react";
import { api, ask } from "../api/client";
import { useLive, useLiveState } from "../live/use";
import { Follower } from "./follow";
import type { Answer, Trace } from "./trace";

export interface Followed {
  /** `null` until it is there. */
  readonly trace: Trace | null;
  /** How far it goes: the trace itself stays the same object as it grows. */
  readonly version: number;
  /** How far the history went when it was asked last: where that is further, the rest is on its way. */
  readonly last: number;
  readonly problem: Error | null;
  /** Ask for what is new; for whoever knows that something has happened. */
  readonly refresh: () => void;
}

type Held = { readonly execution: string } & Omit<Followed, "refresh">;

/** So many events the rest of a long history comes in at a time: what each takes is hardly felt, and one sees how it goes on. */
const PIECE = 50_000;

/** `first`: so many events are asked for at first, so that of millions something is there at once; without it as many as one may. */
export function useTrace(execution: string, first?: number): Followed {
  const nothing: Held = { execution, trace: null, version: 0, last: 0, problem: null };
  const [held, setHeld] = useState(nothing);
  const follower = useRef<Follower | null>(null);
  const refresh = useCallback(() => follower.current?.refresh(), []);
  useEffect(() => {
    const stop = new AbortController();
    const following = new Follower(async (since) => plain(await ask(api.GET("/v1/executions/{execution}/trace", { params: { path: { execution }, query: first === undefined ? { since } : { since, limit: since === 0 ? first : PIECE } }, parseAs: "text", signal: stop.signal }))), {
      came: (trace) => setHeld({ execution, trace, version: trace.version, last: trace.last, problem: null }),
      failed: (problem) => setHeld((before) => ({ ...(before.execution === execution ? before : nothing), problem })),
    });
    follower.current = following;
    following.refresh();
    return () => {
      following.stop();
      stop.abort();
    };
  }, [execution]);
  useLive({ subscribe: "events", execution }, { event: refresh, end: refresh });
  const { is } = useLiveState();
  useEffect(() => {
    if (is === "live") refresh(); // what came while nothing was heard
  }, [is, refresh]);
  return { ...(held.execution === execution ? held : nothing), refresh };
}

/** Columns of whole numbers, millions of them, none of a user: to read each exactly would take most of the time. */
function plain(text: unknown): Answer {
  return JSON.parse(text as string) as Answer;
}
