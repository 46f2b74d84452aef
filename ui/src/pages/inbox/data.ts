/** Tasks: the lists, one with its context, and what is done with it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { anew } from "../../live/anew";
import { useLiveRows } from "../../live/use";
import { useSettings } from "../../look/settings";
import type { InboxSearch } from "./route";

export type TaskRow = Schemas["TaskRow"];
export type Task = Schemas["Task"];

const LIMIT = 200;

export interface Tasks {
  readonly rows: readonly TaskRow[] | null;
  readonly problem: Error | { readonly detail: string } | null;
}

/** All that is open is live; other choices are asked for again whenever that changes. */
export function useTasks({ which = "mine", workflow }: InboxSearch): Tasks {
  const { person, groups } = useSettings();
  const live = useLiveRows<TaskRow>({ subscribe: "tasks", limit: LIMIT, ...(workflow && { workflow }) });
  const stamp = live.rows?.map(({ task_id, answers, claimed_by, status }) => `${task_id} ${answers} ${claimed_by} ${status}`).join();
  const query = {
    limit: LIMIT,
    ...(workflow && { workflow }),
    ...(which === "mine" && { mine: true }),
    ...(which === "groups" && { my_groups: true }),
    ...(which === "overdue" && { overdue: true }),
    ...(which === "over" && { open: false }),
  };
  const asked = useQuery({
    ...anew(["tasks", query, person, groups], stamp),
    enabled: which !== "all" && live.rows !== null,
    queryFn: ({ signal }) => ask(api.GET("/v1/tasks", { params: { query }, signal })),
    select: ({ tasks }) => (which === "over" ? tasks.filter(({ status }) => status !== "open") : tasks),
  });
  if (which === "all") return live;
  return { rows: asked.data ?? null, problem: asked.error ?? live.problem };
}

export function useTask(id: string, stamp: string | undefined) {
  return useQuery({
    ...anew(["task", id], stamp),
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/tasks/{task}", { params: { path: { task: id } }, signal })),
  });
}

/** Ask for tasks again: something was done. */
export function useAgain(): () => void {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: ["tasks"] });
    void client.invalidateQueries({ queryKey: ["task"] });
  };
}
