/** The fields of a breakpoint: where, only if, what halts, for how long at most. */

import { type JSX, useId } from "react";
import { SelectField, TextField } from "../parts/field";
import css from "./debug.module.css";
import { type Draft, missing, type On, ONS } from "./draft";
import { say } from "./words";

interface BreakpointFieldsProps {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  /** What can be named: nodes by their paths in the definition, and variables. */
  readonly nodes: readonly string[];
  readonly variables: readonly string[];
  /** Whether what is missing is said. */
  readonly isTried: boolean;
}

export function BreakpointFields({ draft, onDraft, nodes, variables, isTried }: BreakpointFieldsProps): JSX.Element {
  const id = useId();
  const lacks = isTried ? missing(draft) : null;
  const put = (changed: Partial<Draft>) => onDraft({ ...draft, ...changed });
  return (
    <div className={css["fields"]}>
      <SelectField label={say("on")} value={draft.on} options={ONS.map((value) => ({ value, says: say(`on_${value}`) }))} onChange={(on) => put({ on: on as On })} />
      {draft.on === "change" ? (
        <TextField label={say("variable")} mono list={`${id}-variables`} value={draft.variable} problem={lacks === null ? undefined : say(lacks)} onChange={(event) => put({ variable: event.target.value })} />
      ) : (
        <TextField label={say("node")} mono list={`${id}-nodes`} value={draft.node} problem={lacks === null ? undefined : say(lacks)} onChange={(event) => put({ node: event.target.value })} />
      )}
      <TextField label={say("condition")} mono placeholder="data.amount > 100" aria-describedby={`${id}-says`} value={draft.condition} onChange={(event) => put({ condition: event.target.value })} />
      <p id={`${id}-says`} className="soft">
        {say("conditionSays")}
      </p>
      <SelectField label={say("whole")} value={draft.halts} options={(["branch", "all"] as const).map((value) => ({ value, says: say(`whole_${value}`) }))} onChange={(halts) => put({ halts: halts as Draft["halts"] })} />
      <TextField label={say("timeout")} mono placeholder={say("timeoutEmpty")} value={draft.timeout} onChange={(event) => put({ timeout: event.target.value })} />
      <datalist id={`${id}-nodes`}>
        {["*", ...nodes].map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <datalist id={`${id}-variables`}>
        {variables.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </div>
  );
}
