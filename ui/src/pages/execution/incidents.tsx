/** What needs a person in this execution, and what can be done about it. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { ANEW } from "../../live/anew";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { State } from "../../parts/state";
import { toast } from "../../parts/toast";
import { useSettled } from "../../trace/settled";
import { ASKED_MS } from "./data";
import css from "./inspector.module.css";
import { say } from "./words";

type Incident = Schemas["Incident"];
const ACTIONS = ["retry", "skip", "fail"] as const;
type Action = (typeof ACTIONS)[number];

interface IncidentsProps {
  readonly id: string;
  readonly version: number;
  /** The path of the run of which they are; null is all. */
  readonly run: string | null;
  readonly onDone: () => void;
}

export function Incidents({ id, version, run, onDone }: IncidentsProps): JSX.Element | null {
  const settled = useSettled(version, ASKED_MS);
  const found = useQuery({
    queryKey: ["incidents", id, settled],
    ...ANEW,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/incidents", { params: { path: { execution: id } }, signal })),
  });
  const [doing, setDoing] = useState<{ incident: Incident; action: Action } | null>(null);
  const open = (found.data?.incidents ?? []).filter(({ resolved_at, path }) => resolved_at === null && (run === null || path === run));
  if (open.length === 0) return null;
  const go = async () => {
    if (doing === null) return;
    await ask(
      api.POST("/v1/executions/{execution}/incidents/{incident}/resolve", {
        params: { path: { execution: id, incident: doing.incident.incident } },
        body: { action: doing.action, output: null, port: null, variables: null } as Schemas["ResolveRequest"],
      }),
    );
    toast({ says: say("done", { what: sayAction(doing.action) }) });
    onDone();
  };
  return (
    <section className={css["incidents"]}>
      {open.map((incident) => (
        <div key={incident.incident} className={css["incident"]}>
          <State status="incident" /> <code>{incident.path}</code>
          <p>
            <code>{incident.error.type}</code> {incident.error.message}
          </p>
          <div className={css["which"]}>
            {ACTIONS.map((action) => (
              <Button key={action} look={action === "retry" ? "main" : "plain"} onClick={() => setDoing({ incident, action })}>
                {sayAction(action)}
              </Button>
            ))}
          </div>
        </div>
      ))}
      {doing !== null && (
        <Confirm title={sayAction(doing.action)} does={sayAction(doing.action)} onDo={go} onClose={() => setDoing(null)}>
          <p>{say(doing.action === "retry" ? "retrySays" : doing.action === "skip" ? "skipSays" : "failSays")}</p>
          <code>{doing.incident.path}</code>
        </Confirm>
      )}
    </section>
  );
}

function sayAction(action: Action): string {
  return say(action === "fail" ? "failIt" : action);
}
