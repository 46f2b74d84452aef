/** How many executions run now, by the version that each keeps. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { freshKey } from "../../api/fresh";
import { Told } from "../../parts/told";
import { say } from "./words";

const COUNTED_MAX = 500;
/** The states of what has not ended. */
const OPEN: Schemas["Row"]["status"][] = ["created", "scheduled", "running", "paused", "incident", "quarantined"];

export function Running({ name }: { name: string }): JSX.Element | null {
  const [opened] = useState(freshKey);
  const found = useQuery({
    queryKey: ["workflow", name, "running", opened],
    gcTime: 0,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions", { params: { query: { workflow: name, status: OPEN, limit: COUNTED_MAX } }, signal })),
  });
  if (found.data === undefined) return found.error && <Told error={found.error} />;
  const { executions, next } = found.data;
  const counts = new Map<number, number>();
  for (const { version } of executions) counts.set(version, (counts.get(version) ?? 0) + 1);
  if (counts.size === 0) return <p className="soft">{say("runningNone")}</p>;
  const each = [...counts].sort(([one], [other]) => other - one).map(([n, count]) => say("runningOf", { n, count }));
  return <p>{say(next === null ? "running" : "runningMany", { each: each.join(", "), most: COUNTED_MAX })}</p>;
}
