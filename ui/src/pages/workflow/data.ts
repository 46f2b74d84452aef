/** What the page asks of the server. A version never changes, but for which one is active. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { type Json, write } from "../../api/exact";
import { Problem } from "../../api/problem";
import { outlineOf } from "../../graph/outline";

export type Version = Schemas["ListedVersion"];

/** All versions, the latest first. */
export function useVersions(name: string) {
  return useQuery({
    queryKey: ["workflow", name, "versions"],
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows/{name}/versions", { params: { path: { name } }, signal })),
    select: ({ versions }) => [...versions].sort((one, other) => other.version - one.version),
  });
}

export function useOutline(name: string, version: number) {
  const found = useQuery({
    queryKey: ["workflow", name, version],
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows/{name}", { params: { path: { name }, query: { version } }, signal })),
  });
  const outline = useMemo(() => (found.data === undefined ? null : outlineOf(found.data.definition as Json)), [found.data]);
  return { outline, hash: found.data?.hash ?? "", error: found.error };
}

/** The text as it was published; where none was kept, the definition as JSON. */
export function useSource(name: string, version: number) {
  return useQuery({
    queryKey: ["workflow", name, version, "source"],
    staleTime: 30_000, // who publishes the same with other comments changes it
    queryFn: async ({ signal }) => {
      const params = { path: { name }, query: { version } };
      try {
        return { isSource: true, text: await ask(api.GET("/v1/workflows/{name}/source", { params, parseAs: "text", signal })) };
      } catch (error) {
        if (!(error instanceof Problem) || error.reason !== "no_source") throw error;
        const { definition } = await ask(api.GET("/v1/workflows/{name}", { params, signal }));
        return { isSource: false, text: write(definition as Json, 2) };
      }
    },
  });
}

export function useDifference(name: string, before: number, after: number) {
  return useQuery({
    queryKey: ["workflow", name, "diff", before, after],
    structuralSharing: false,
    staleTime: 30_000,
    queryFn: ({ signal }) =>
      ask(api.GET("/v1/workflows/{name}/versions/{before}/diff/{after}", { params: { path: { name, before, after } }, signal })),
  });
}

/** What reads the journal does so one at a time at a server: who comes meanwhile waits. */
export const IN_TURN = { retry: (count: number, error: Error) => error instanceof Problem && error.reason === "busy" && count < 30, retryDelay: 1_000 };

/** What the last executions took of a version. Counting takes a while, and is of the moment. */
export function useCoverage(name: string, version: number, last: number) {
  return useQuery({
    queryKey: ["workflow", name, "coverage", version, last],
    staleTime: 30_000,
    ...IN_TURN,
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows/{name}/coverage", { params: { path: { name }, query: { version, last } }, signal })),
  });
}

/** After something was done, which version is active is asked again. */
export function useAgain(name: string): () => void {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: ["workflow", name, "versions"] });
    void client.invalidateQueries({ queryKey: ["workflow", name, "active"] });
    void client.invalidateQueries({ queryKey: ["workflows"] });
  };
}
