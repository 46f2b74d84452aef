/** What models took: by day and as a whole, told apart, and which workflows asked them. */

import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import type { Range } from "../analytics/ranges";
import type { CostsSearch, Group } from "./route";

export type Cost = Schemas["CostWindow"];

const AGAIN_MS = 10_000;
const APART: Readonly<Record<Group, string>> = { day: "", workflow: "workflow", version: "workflow,version", node: "workflow,node", model: "model", prompt: "prompt" };

function asked({ workflow, version, node, model, prompt }: CostsSearch, { from, to }: Pick<Range, "from" | "to">) {
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    ...(workflow !== undefined && { workflow }),
    ...(version !== undefined && { version }),
    ...(node !== undefined && { node }),
    ...(model !== undefined && { model }),
    ...(prompt !== undefined && { prompt }),
  };
}

function useCosts(search: CostsSearch, range: Range, by: "day" | "all", group: string, isWanted = true) {
  const query = { ...asked(search, range), by, group };
  return useQuery({
    queryKey: ["costs", query],
    enabled: isWanted,
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/analytics/ai", { params: { query }, signal })),
  });
}

export function useDays(search: CostsSearch, range: Range) {
  return useCosts(search, range, "day", "");
}

export function useTotal(search: CostsSearch, range: Range): Cost | null {
  return useCosts(search, range, "all", "").data?.windows[0] ?? null;
}

export function useGroups(search: CostsSearch, range: Range, group: Group) {
  return useCosts(search, range, "all", APART[group], group !== "day");
}

/** The models and prompts that were asked in this time, to choose from. */
export function useChoices({ workflow }: CostsSearch, range: Range): { readonly models: readonly string[]; readonly prompts: readonly string[] } {
  const windows = useCosts({ workflow }, range, "all", "model,prompt").data?.windows ?? [];
  const some = (all: readonly (string | null)[]) => [...new Set(all.filter((one): one is string => Boolean(one)))].sort();
  return { models: some(windows.map(({ model }) => model)), prompts: some(windows.map(({ prompt }) => prompt)) };
}

/** The workflows that asked models within a time; those that did without a kept prompt, where that is meant. */
export async function workflowsThat(search: CostsSearch, range: Pick<Range, "from" | "to">, areWithoutPrompt: boolean): Promise<readonly string[]> {
  const query = { ...asked(search, range), by: "all" as const, group: "workflow,prompt" };
  const { windows } = await ask(api.GET("/v1/analytics/ai", { params: { query } }));
  return [...new Set(windows.filter(({ prompt }) => !areWithoutPrompt || prompt === "").map(({ workflow }) => workflow ?? ""))].sort();
}
