/** What is known of a side: its trace to the event that is looked at, its state there, and its definition. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { type Json, write } from "../../api/exact";
import { looksAt, type Looks } from "../../graph/looks";
import { outlineOf, type Room } from "../../graph/outline";
import { Moment } from "../../trace/moment";
import type { Trace } from "../../trace/trace";
import { useTrace } from "../../trace/use";
import type { Named } from "./sides";

export type State = Schemas["State"];

export interface Side {
  readonly id: string;
  readonly trace: Trace | null;
  /** The event that it is looked at after, and how far its history goes. */
  readonly at: number;
  readonly last: number;
  readonly state: State | undefined;
  /** Its variables; of one that has ended, which has none any more, those before its end. */
  readonly variables: Json | undefined;
  readonly hash: string | undefined;
  readonly outline: Room | null;
  readonly problem: Error | null;
}

/** Of so many runs values are compared, too. */
const RUNS_MAX = 2_000;

export function useSide({ id, at: wanted }: Named): Side {
  const { trace, version, problem } = useTrace(id);
  const at = Math.max(1, Math.min(wanted ?? version, version));
  const found = useQuery({
    queryKey: ["state", id, at],
    enabled: version > 0,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/state", { params: { path: { execution: id }, query: { at } }, signal })),
  });
  const state = found.data;
  const before = useQuery({
    queryKey: ["state", id, at - 1],
    enabled: Boolean(state?.ended_at) && at > 1,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/state", { params: { path: { execution: id }, query: { at: at - 1 } }, signal })),
  });
  const variables = (state?.ended_at ? before.data : state)?.variables as Json | undefined;
  const definition = useQuery({
    queryKey: ["definition", state?.workflow, state?.version],
    enabled: state !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows/{name}", { params: { path: { name: state?.workflow ?? "" }, query: { version: state?.version ?? 1 } }, signal })),
    select: (data) => ({ definition: data.definition as unknown as Json, hash: data.hash }),
  }).data;
  const outline = useMemo(() => (definition === undefined ? null : outlineOf(definition.definition)), [definition?.hash]);
  return { id, trace, at, last: version, state, variables, hash: definition?.hash, outline, problem: problem ?? found.error };
}

/** The trace at its event; null until it is there. */
export function useMoment({ trace, at }: Side): Moment | null {
  return useMemo(() => {
    if (trace === null || trace.version === 0) return null;
    const moment = new Moment(trace);
    moment.go(at);
    return moment;
  }, [trace, at]);
}

export function looksOf(outline: Room, moment: Moment): Looks {
  return looksAt(outline, moment, new Map());
}

export type NodeValues = { readonly input: string; readonly output: string };

/** What each run was given and gave, as it is now; null where there are too many, or while it is asked for. */
export function useNodeValues({ id, trace, at }: Side): ReadonlyMap<string, NodeValues> | null {
  const found = useQuery({
    queryKey: ["compare", "nodes", id, at],
    enabled: trace !== null && trace.places > 0 && trace.places <= RUNS_MAX,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/nodes", { params: { path: { execution: id }, query: { whole: false } }, signal })),
  });
  return useMemo(() => (found.data === undefined ? null : new Map(found.data.nodes.map((node) => [node.path, { input: write(node.input as Json, 2), output: write(node.output as Json, 2) }]))), [found.data]);
}

/** One run, also where there are too many to ask for all. */
export function useRunValues(id: string, run: string | null, at: number) {
  return useQuery({
    queryKey: ["compare", "node", id, run, at],
    enabled: run !== null,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/nodes", { params: { path: { execution: id }, query: { path: run ?? "", whole: false } }, signal })),
    select: ({ nodes }) => nodes[0],
  });
}
