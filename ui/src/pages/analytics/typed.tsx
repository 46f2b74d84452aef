/** What is typed, or chosen, to say what is counted: on the page of executions and on that of models. */

import { type JSX, useEffect, useState } from "react";
import { SelectField, TextField } from "../../parts/field";
import { useWorkflowNames } from "./data";
import type { Last } from "./ranges";
import { say } from "./words";

const DAYS = "days";

interface TimesProps<Some extends Last> {
  /** Those to choose from, and the one that counts where none is said. */
  readonly lasts: readonly Some[];
  readonly first: Some;
  readonly search: { readonly last?: Some | undefined; readonly from?: string | undefined; readonly to?: string | undefined };
  readonly says: (last: Some) => string;
  readonly onShow: (changed: { last?: Some | undefined; from?: string | undefined; to?: string | undefined }) => void;
}

/** The last so long, or days that are named. */
export function Times<Some extends Last>({ lasts, first, search: { last, from, to }, says, onShow }: TimesProps<Some>): JSX.Element {
  const areDays = from !== undefined || to !== undefined;
  const today = new Date().toISOString().slice(0, 10);
  return (
    <>
      <SelectField
        label={say("range")}
        hideLabel
        value={areDays ? DAYS : (last ?? first)}
        onChange={(value) => onShow(value === DAYS ? { from: today, to: today, last: undefined } : { last: value === first ? undefined : (value as Some), from: undefined, to: undefined })}
        options={[...lasts.map((value) => ({ value: value as string, says: says(value) })), { value: DAYS, says: say("lastDays") }]}
      />
      {areDays && <TextField label={say("from")} hideLabel type="date" value={from ?? ""} max={to} onChange={(event) => onShow({ from: event.target.value || undefined })} />}
      {areDays && <TextField label={say("to")} hideLabel type="date" value={to ?? ""} min={from} onChange={(event) => onShow({ to: event.target.value || undefined })} />}
    </>
  );
}

/** One of the workflows that there are, or that the address names; or any. */
export function WorkflowField({ workflow, onShow }: { readonly workflow: string | undefined; readonly onShow: (workflow: string | undefined) => void }): JSX.Element {
  const names = useWorkflowNames();
  const known = workflow !== undefined && !names.includes(workflow) ? [workflow, ...names] : names;
  return <SelectField label={say("workflow")} hideLabel value={workflow ?? ""} onChange={(value) => onShow(value || undefined)} options={[{ value: "", says: say("anyWorkflow") }, ...known.map((name) => ({ value: name, says: name }))]} />;
}

interface TypedProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly type: "text" | "number";
  readonly onValue: (value: string) => void;
}

/** Asked for once it is left, or by Enter. */
export function Typed({ label, hint, value, type, onValue }: TypedProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const take = () => typed.trim() !== value && onValue(typed.trim());
  return <TextField label={label} hideLabel mono type={type} min={1} placeholder={hint ?? label} value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={take} onKeyDown={(event) => event.key === "Enter" && take()} />;
}
