/** What whoever debugs looks at, and what they do: each act says which halt it means, so that nobody acts on what they have not seen. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api, ask, type Schemas } from "../api/client";
import { definitionPath } from "../graph/run-path";
import type { Sign } from "../graph/view";
import { ANEW } from "../live/anew";
import { useSettled } from "../trace/settled";

export type Debugger = Schemas["Debugger"];
export type Halt = Schemas["HaltView"];
export type Breakpoint = Schemas["BreakpointView"];
export type BreakpointRequest = Schemas["BreakpointRequest"];
export type Release = Schemas["ReleaseRequest"];

const ASKED_MS = 300;

/** As it is now, wherever the reel is. */
export function useDebugger(execution: string, version: number) {
  const settled = useSettled(version, ASKED_MS);
  return useQuery({
    queryKey: ["debugger", execution, settled],
    ...ANEW,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/debugger", { params: { path: { execution } }, signal })),
  });
}

export interface Acts {
  readonly release: (halt: Halt | null, how: Partial<Release>) => Promise<void>;
  readonly change: (halt: Halt, what: Partial<Schemas["ChangeRequest"]>) => Promise<void>;
  readonly set: (breakpoint: BreakpointRequest) => Promise<void>;
  readonly clear: (name: string) => Promise<void>;
}

/** Each throws Problem; whatever came of it, what is shown is asked for again. */
export function useActs(execution: string): Acts {
  const client = useQueryClient();
  const again = useCallback(() => {
    for (const one of ["debugger", "state"]) void client.invalidateQueries({ queryKey: [one, execution] });
  }, [client, execution]);
  return useMemo(() => {
    const params = { path: { execution } };
    const done = async (asked: Promise<unknown>) => {
      try {
        await asked;
      } finally {
        again();
      }
    };
    return {
      release: (halt, how) => {
        const body = { ...how, ...(halt !== null && { path: halt.path, at: halt.at }) } as Release;
        return done(ask(api.POST("/v1/executions/{execution}/halts/release", { params, body })));
      },
      change: ({ path, at }, what) => done(ask(api.POST("/v1/executions/{execution}/halts/change", { params, body: { path, at, ...what } as Schemas["ChangeRequest"] }))),
      set: (breakpoint) => done(ask(api.POST("/v1/executions/{execution}/breakpoints", { params, body: { set: [breakpoint], remove: null } }))),
      clear: (name) => done(ask(api.POST("/v1/executions/{execution}/breakpoints", { params, body: { set: null, remove: [name] } }))),
    };
  }, [execution, again]);
}

/** By the path of a box: whether it halts there, or would. In the past only where it would. */
export function signsOf(found: Debugger | undefined, isPast: boolean): ReadonlyMap<string, Sign> {
  const signs = new Map<string, Sign>();
  for (const { node } of found?.breakpoints ?? []) if (node !== null && node !== "*") signs.set(definitionPath(node), "breakpoint");
  if (!isPast) for (const { path } of found?.halts ?? []) signs.set(definitionPath(path), "halt");
  return signs;
}
