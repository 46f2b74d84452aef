/** What one node is given: a result, an error, or what it ended by in an execution; and whether the run stops before it. */

import type { JSX } from "react";
import type { Found } from "../../../api/problem";
import type { Box } from "../../../graph/outline";
import { Check } from "../../../parts/check";
import { Choice } from "../../../parts/choice";
import { LongField, SelectField, TextField } from "../../../parts/field";
import { AllFrom, useLast } from "./from";
import css from "./panel.module.css";
import { canBePinned, PIN, type Pin, pinPath, type Plan, withPin, withStop } from "./plan";
import { Wrong } from "./wrong";
import { say } from "./words";

interface NodePinProps {
  readonly boxes: readonly Box[];
  /** The one that is chosen. */
  readonly box: Box | undefined;
  readonly ports: readonly string[];
  readonly plan: Plan;
  readonly run: string | null;
  readonly workflow: string | null;
  readonly problems: ReadonlyMap<string, readonly Found[]>;
  readonly onChoose: (path: string | null) => void;
  readonly onPlan: (change: (plan: Plan) => Plan) => void;
}

export function NodePin(props: NodePinProps): JSX.Element {
  const { boxes, box, plan, onPlan } = props;
  const path = box === undefined ? "" : pinPath(box.path);
  return (
    <fieldset className={css["group"]}>
      <legend>{box === undefined ? say("node") : say("given", { id: path })}</legend>
      <SelectField label={say("node")} hideLabel value={box?.path ?? ""} onChange={(chosen) => props.onChoose(chosen === "" ? null : chosen)} options={[{ value: "", says: say("nodeNone") }, ...boxes.map((one) => ({ value: one.path, says: pinPath(one.path) }))]} />
      {box !== undefined && (
        <>
          {canBePinned(box.kind) ? <Editor {...props} path={path} /> : <p className="soft">{say("notToPin", { id: path, kind: box.kind })}</p>}
          <Check label={say("stop", { id: path })} checked={plan.stops.includes(path)} onCheck={(isThere) => onPlan((before) => withStop(before, path, isThere))} />
          <Wrong problems={props.problems.get(path)} />
        </>
      )}
    </fieldset>
  ); // prettier-ignore
}

function Editor({ path, ports, plan, run, workflow, onPlan }: NodePinProps & { path: string }): JSX.Element {
  const pin = plan.pins[path];
  const last = useLast(workflow);
  const put = (changed: Partial<Pin>) => onPlan((before) => withPin(before, path, { ...(before.pins[path] ?? PIN), ...changed }));
  const turn = (as: Pin["as"] | "none") => {
    if (as === "none") onPlan((before) => withPin(before, path, null));
    else if (as === "from") put({ as, execution: pin?.execution || (run ?? last[0]?.id ?? "") });
    else put({ as, port: pin?.port || (ports.includes("out") ? "" : (ports[0] ?? "")) });
  };
  return (
    <>
      <Choice label={say("given", { id: path })} chosen={pin?.as ?? "none"} onChoose={turn} options={[{ value: "none", says: say("asNone") }, { value: "output", says: say("asOutput") }, { value: "error", says: say("asError") }, { value: "from", says: say("asFrom") }]} />
      {pin?.as === "output" && <LongField label={say("output", { id: path })} mono rows={3} value={pin.output} onChange={(event) => put({ output: event.target.value })} />}
      {pin?.as === "output" && (ports.length > 1 || pin.port !== "") && <SelectField label={say("port")} value={pin.port} onChange={(port) => put({ port })} options={portsOf(ports, pin.port)} />}
      {pin?.as === "error" && <TextField label={say("type")} mono value={pin.type} placeholder="pinned" onChange={(event) => put({ type: event.target.value })} />}
      {pin?.as === "error" && <TextField label={say("message")} value={pin.message} onChange={(event) => put({ message: event.target.value })} />}
      {pin?.as === "from" && <AllFrom says={say("execution")} none={say("executionId")} workflow={workflow} run={run} value={pin.execution} problems={undefined} onChange={(execution) => put({ execution })} />}
    </>
  ); // prettier-ignore
}

/** Those of the kind, `error` apart; one that is gone stays to be seen. */
function portsOf(ports: readonly string[], chosen: string): { readonly value: string; readonly says: string }[] {
  const own = ports.filter((port) => port !== "error");
  const all = own.includes(chosen) || chosen === "" ? own : [...own, chosen];
  return [{ value: "", says: say("portNone") }, ...all.map((port) => ({ value: port, says: port }))];
}
