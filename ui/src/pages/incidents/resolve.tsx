/** One incident is resolved: what that does is said first. */

import { type JSX, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { BudgetField, wrongIn } from "../../budget/budget-field";
import { overOf, raised } from "../../budget/over";
import { Choice } from "../../parts/choice";
import { Confirm } from "../../parts/confirm";
import { Pairs } from "../../parts/pairs";
import { toast } from "../../parts/toast";
import type { Incident } from "./data";
import { say } from "./words";

const ACTIONS = ["retry", "skip", "fail"] as const;

interface ResolveProps {
  readonly incident: Incident;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function Resolve({ incident: { execution_id, incident, path, error }, onDone, onClose }: ResolveProps): JSX.Element {
  const [action, setAction] = useState<(typeof ACTIONS)[number]>("retry");
  const [limit, setLimit] = useState("");
  const over = action === "fail" ? null : overOf(error);
  const go = async () => {
    const budget = over === null ? null : (raised(over.what, limit) ?? null);
    const body = { action, output: null, port: null, variables: null, budget } as Schemas["ResolveRequest"];
    await ask(api.POST("/v1/executions/{execution}/incidents/{incident}/resolve", { params: { path: { execution: execution_id, incident } }, body }));
    toast({ says: say("done", { what: say(action) }) });
    onDone();
  };
  return (
    <Confirm title={say("resolveOne")} does={say(action)} not={wrongIn(over, limit)} onDo={go} onClose={onClose}>
      <Pairs
        of={[
          [say("execution"), <code key="e">{execution_id}</code>],
          [say("node"), path && <code key="p">{path}</code>],
          [say("error"), <span key="m" translate="no">{error.message}</span>],
        ]}
      />
      <Choice label={say("action")} options={ACTIONS.map((value) => ({ value, says: say(value) }))} chosen={action} onChoose={setAction} />
      <p>{say(`${action}Says`)}</p>
      {over !== null && <BudgetField over={over} text={limit} onType={setLimit} />}
      <p className="soft">{say("durable")}</p>
    </Confirm>
  );
}
