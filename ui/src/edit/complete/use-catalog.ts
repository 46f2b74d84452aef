/** What the server has, and what an execution has recorded: asked once, and kept while one edits. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ask } from "../../api/client";
import type { Json } from "../../api/exact";
import { definitionPath } from "../../graph/run-path";
import { type Catalog, NOTHING, type Recorded } from "./around";
import type { Schema } from "./schema";

const KEPT_MS = 300_000;

/** Null until the language is known; what others are called may come later. */
export function useCatalog(): Catalog | null {
  const { data: said } = useQuery({
    queryKey: ["language of editors"],
    staleTime: KEPT_MS,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const [{ Language }, schema, { kinds }, { functions }] = await Promise.all([import("./schema"), ask(api.GET("/v1/schemas/definition", { signal })), ask(api.GET("/v1/node-kinds", { signal })), ask(api.GET("/v1/expressions/functions", { signal }))]);
      return { language: new Language(schema as unknown as Schema), kinds: new Map(kinds.map((one) => [one.kind, one])), functions };
    },
  });
  const { data: names = NONE } = useQuery({
    queryKey: ["names of editors"],
    staleTime: KEPT_MS,
    queryFn: async ({ signal }) => {
      const [{ workflows }, { credentials }] = await Promise.all([
        ask(api.GET("/v1/workflows", { signal })),
        ask(api.GET("/v1/credentials", { signal })).catch(() => ({ credentials: [] })), // where none can be kept there are none
      ]);
      return { workflows: workflows.map(({ name }) => name), credentials: credentials.map(({ name }) => name) };
    },
  });
  return useMemo(() => (said === undefined ? null : { ...said, ...names }), [said, names]);
}

const NONE: Pick<Catalog, "workflows" | "credentials"> = { workflows: [], credentials: [] };

/** The executions of a workflow that may be looked at, the last one first. */
export function useLastExecutions(workflow: string | null) {
  return useQuery({
    queryKey: ["executions to preview on", workflow],
    enabled: workflow !== null,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions", { params: { query: { workflow: workflow as string, limit: 20 } }, signal })),
    select: ({ executions }) => executions,
  });
}

/** What an execution has recorded, big values left out. */
export function useRecorded(execution: string | null): Recorded {
  const { data } = useQuery({
    queryKey: ["recorded", execution],
    enabled: execution !== null,
    staleTime: KEPT_MS,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const params = { path: { execution: execution as string } };
      const [state, { nodes }] = await Promise.all([ask(api.GET("/v1/executions/{execution}/state", { params, signal })), ask(api.GET("/v1/executions/{execution}/nodes", { params: { ...params, query: { whole: false } }, signal }))]);
      return { state, nodes };
    },
  });
  return useMemo(() => {
    if (data === undefined) return NOTHING;
    const outputs = new Map(data.nodes.filter(({ status }) => status === "completed").map(({ path, output }) => [definitionPath(path), output as Json]));
    return { input: data.state.input as Json, outputs };
  }, [data]);
}
