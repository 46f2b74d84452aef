/** All that the test run is given and stops before, node by node; a click leads to the node. */

import type { JSX } from "react";
import type { Found } from "../../../api/problem";
import type { Box } from "../../../graph/outline";
import { IconButton } from "../../../parts/button";
import css from "./panel.module.css";
import { type Pin, pinPath, type Plan, withPin, withStop } from "./plan";
import { Wrong } from "./wrong";
import { say } from "./words";

interface GivenProps {
  readonly plan: Plan;
  readonly boxes: readonly Box[];
  readonly problems: ReadonlyMap<string, readonly Found[]>;
  readonly onChoose: (path: string | null) => void;
  readonly onPlan: (change: (plan: Plan) => Plan) => void;
}

export function Given({ plan, boxes, problems, onChoose, onPlan }: GivenProps): JSX.Element | null {
  const pins = Object.entries(plan.pins);
  if (pins.length + plan.stops.length === 0) return null;
  const box = (path: string) => boxes.find((one) => pinPath(one.path) === path);
  const row = (path: string, what: string, removes: string, remove: () => void) => (
    <li key={removes}>
      <button type="button" className={css["name"]} disabled={box(path) === undefined} onClick={() => onChoose(box(path)?.path ?? null)}>
        <code translate="no">{path}</code>
      </button>
      <span className={css["what"]} title={what}>
        {what}
      </span>
      <IconButton icon="close" says={removes} onClick={remove} />
      {box(path) === undefined && <p className={css["wrong"]}>{say("notThere")}</p>}
      <Wrong problems={problems.get(path)} />
    </li>
  );
  return (
    <div>
      <h3 id="test-given">{say("pins")}</h3>
      <ul className={css["rows"]} aria-labelledby="test-given">
        {pins.map(([path, pin]) => row(path, sayPin(pin), say("remove", { path }), () => onPlan((before) => withPin(before, path, null))))}
        {plan.stops.map((path) => row(path, say("stopped"), say("removeStop", { path }), () => onPlan((before) => withStop(before, path, false))))}
      </ul>
    </div>
  );
}

function sayPin(pin: Pin): string {
  if (pin.as === "from") return say("from", { execution: pin.execution });
  if (pin.as === "error") return pin.type === "" ? say("anyError") : say("error", { type: pin.type });
  const said = [pin.output.trim() !== "" && say("result", { output: pin.output.trim() }), pin.port !== "" && say("byPort", { port: pin.port })];
  return said.filter(Boolean).join(", ");
}
