/** Prompts, their versions, and what is different between two: asked for again every few seconds; a version never changes. */

import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type Kept = Schemas["PromptVersion"];
export type Shown = Schemas["PromptShown"];

const AGAIN_MS = 10_000;

export function usePrompts() {
  return useQuery({
    queryKey: ["prompts"],
    refetchInterval: AGAIN_MS,
    queryFn: ({ signal }) => ask(api.GET("/v1/prompts", { signal })),
    select: ({ prompts }) => prompts,
  });
}

/** A version, or the latest. */
export function usePrompt(name: string, version: number | undefined) {
  return useQuery({
    queryKey: ["prompts", name, version ?? "latest"],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/prompts/{name}", { params: { path: { name }, query: version === undefined ? {} : { version } }, signal })),
  });
}

/** All of its versions, the latest first. */
export function useVersions(name: string): readonly Kept[] {
  const found = useQuery({
    queryKey: ["prompts", name, "versions"],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/prompts/{name}/versions", { params: { path: { name } }, signal })),
    select: ({ versions }) => [...versions].reverse(),
  });
  return found.data ?? [];
}

export function useDifference(name: string, before: number, after: number) {
  return useQuery({
    queryKey: ["prompts", name, "diff", before, after],
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/prompts/{name}/versions/{before}/diff/{after}", { params: { path: { name, before, after } }, signal })),
  });
}
