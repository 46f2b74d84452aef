/** Workflows and executions by their names, for the palette: those whose names begin with what is typed, and where nothing is typed the latest. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, ask } from "../api/client";
import { quoted } from "../filter/cel";
import { say } from "../words/en";
import type { Command } from "./commands";

const PAUSE_MS = 120;
const EXECUTIONS_MAX = 10;

export function useLookUp(query: string): readonly Command[] {
  const navigate = useNavigate();
  const wanted = useSettled(query.trim());
  const workflows = useQuery({ queryKey: ["palette", "workflows"], staleTime: 10_000, queryFn: ({ signal }) => ask(api.GET("/v1/workflows", { signal })) });
  const executions = useQuery({
    queryKey: ["palette", "executions", wanted],
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions", { params: { query: { limit: EXECUTIONS_MAX, ...(wanted !== "" && { filter: `execution_id.startsWith(${quoted(wanted)})` }) } }, signal })),
  });
  const ofWorkflows = (workflows.data?.workflows ?? []).flatMap(({ name }): Command[] => [
    { id: `workflow ${name}`, says: name, group: say("ofWorkflows"), run: () => void navigate({ to: "/workflows/$name", params: { name } }) },
    { id: `edit ${name}`, says: say("editWorkflow", { name }), group: say("ofWorkflows"), run: () => void navigate({ to: "/workflows/$name/edit", params: { name }, search: {} }) },
    { id: `executions ${name}`, says: say("executionsOf", { name }), group: say("ofWorkflows"), run: () => void navigate({ to: "/executions", search: { workflow: name } }) },
  ]);
  const ofExecutions = (executions.data?.executions ?? []).map(({ execution_id: id, workflow }): Command => ({ id: `execution ${id}`, says: id, group: say("executionOf", { workflow }), run: () => void navigate({ to: "/executions/$id", params: { id } }) }));
  return [...ofExecutions, ...ofWorkflows];
}

/** The same, once it has not changed for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}
