/** The event that is shown, and where one opens: what the address says, and what is dragged beside it. */

import { useEffect, useRef, useState } from "react";
import type { State } from "./data";
import type { ExecutionSearch } from "./route";
import { opensAt } from "./run-path";

export interface At {
  readonly at: number | undefined;
  readonly isResting: boolean;
  readonly go: (at: number | undefined, isResting: boolean) => void;
}

const REST_MS = 200;

/** While one drags it is not in the address, once it rests it is. The last one is now. */
export function useAt(search: number | undefined, version: number, show: (changed: ExecutionSearch, replace?: boolean) => void): At {
  const [dragged, drag] = useState<{ at: number | undefined } | null>(null);
  const timer = useRef(0);
  useEffect(() => drag(null), [search]);
  const rest = (at: number | undefined) => {
    window.clearTimeout(timer.current);
    if (at === search) drag(null);
    else show({ at }, search !== undefined);
  };
  const go = (to: number | undefined, isResting: boolean) => {
    const at = to === undefined || to >= version ? undefined : Math.max(1, to);
    drag({ at });
    window.clearTimeout(timer.current);
    if (isResting) rest(at);
    else timer.current = window.setTimeout(rest, REST_MS, at);
  };
  return { at: dragged === null ? search : dragged.at, isResting: dragged === null, go };
}

/** A failed execution opens at the node that failed, one with an incident at that, unless the address says otherwise. */
export function useOpening(search: ExecutionSearch, state: State | undefined, open: (run: string) => void): void {
  const isOpen = useRef([search.node, search.at, search.tab, search.iteration, search.child].some((said) => said !== undefined));
  useEffect(() => {
    if (isOpen.current || state === undefined) return;
    isOpen.current = true;
    const run = opensAt(state);
    if (run !== null) open(run);
  }, [state === undefined]);
}
