/** What needs a person in this execution, and what can be done about it. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { BudgetField, wrongIn } from "../../budget/budget-field";
import { overOf, raised } from "../../budget/over";
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
      {doing !== null && <Resolve {...doing} id={id} onDone={onDone} onClose={() => setDoing(null)} />}
    </section>
  );
}

interface ResolveProps {
  readonly id: string;
  readonly incident: Incident;
  readonly action: Action;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function Resolve({ id, incident: { incident, path, error }, action, onDone, onClose }: ResolveProps): JSX.Element {
  const over = action === "fail" ? null : overOf(error);
  const [limit, setLimit] = useState("");
  const go = async () => {
    const budget = over === null ? null : (raised(over.what, limit) ?? null);
    const body = { action, output: null, port: null, variables: null, budget } as Schemas["ResolveRequest"];
    await ask(api.POST("/v1/executions/{execution}/incidents/{incident}/resolve", { params: { path: { execution: id, incident } }, body }));
    toast({ says: say("done", { what: sayAction(action) }) });
    onDone();
  };
  return (
    <Confirm title={sayAction(action)} does={sayAction(action)} not={wrongIn(over, limit)} onDo={go} onClose={onClose}>
      <p>{say(action === "retry" ? "retrySays" : action === "skip" ? "skipSays" : "failSays")}</p>
      <code>{path}</code>
      {over !== null && <BudgetField over={over} text={limit} onType={setLimit} />}
    </Confirm>
  );
}

function sayAction(action: Action): string {
  return say(action === "fail" ? "failIt" : action);
}
