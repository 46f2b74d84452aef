/** What is asked for: a time, a workflow, a version, a node. All of it stands in the address. */

import { type JSX, useEffect, useState } from "react";
import { Button } from "../../parts/button";
import { SelectField, TextField } from "../../parts/field";
import { useWorkflowNames } from "./data";
import css from "./page.module.css";
import { LASTS, type Last } from "./ranges";
import type { AnalyticsSearch } from "./route";
import { say } from "./words";

interface AskedProps {
  readonly search: AnalyticsSearch;
  readonly onShow: (changed: AnalyticsSearch) => void;
}

const DAYS = "days";

export function Asked({ search, onShow }: AskedProps): JSX.Element {
  const names = useWorkflowNames();
  const { last, from, to, workflow, version, node } = search;
  const areDays = from !== undefined || to !== undefined;
  const today = new Date().toISOString().slice(0, 10);
  const known = workflow !== undefined && !names.includes(workflow) ? [workflow, ...names] : names;
  const isNarrowed = workflow !== undefined || node !== undefined;
  return (
    <div className={css["asked"]}>
      <SelectField
        label={say("range")}
        hideLabel
        value={areDays ? DAYS : (last ?? "24h")}
        onChange={(value) => onShow(value === DAYS ? { from: today, to: today, last: undefined } : { last: value === "24h" ? undefined : (value as Last), from: undefined, to: undefined })}
        options={[...LASTS.map((value) => ({ value: value as string, says: say(`last${value}`) })), { value: DAYS, says: say("lastDays") }]}
      />
      {areDays && <TextField label={say("from")} hideLabel type="date" value={from ?? ""} max={to} onChange={(event) => onShow({ from: event.target.value || undefined })} />}
      {areDays && <TextField label={say("to")} hideLabel type="date" value={to ?? ""} min={from} onChange={(event) => onShow({ to: event.target.value || undefined })} />}
      <SelectField
        label={say("workflow")}
        hideLabel
        value={workflow ?? ""}
        onChange={(value) => onShow({ workflow: value || undefined, version: undefined, node: undefined })}
        options={[{ value: "", says: say("anyWorkflow") }, ...known.map((name) => ({ value: name, says: name }))]}
      />
      {workflow !== undefined && <Typed label={say("version")} value={version === undefined ? "" : String(version)} type="number" onValue={(value) => onShow({ version: value === "" ? undefined : Number(value) })} />}
      <Typed label={say("node")} hint={say("nodeOf")} value={node ?? ""} type="text" onValue={(value) => onShow({ node: value || undefined })} />
      {isNarrowed && (
        <Button look="bare" onClick={() => onShow({ workflow: undefined, version: undefined, node: undefined })}>
          {say("clear")}
        </Button>
      )}
    </div>
  );
}

interface TypedProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly type: "text" | "number";
  readonly onValue: (value: string) => void;
}

/** Asked for once it is left, or by Enter. */
function Typed({ label, hint, value, type, onValue }: TypedProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const take = () => typed.trim() !== value && onValue(typed.trim());
  return <TextField label={label} hideLabel mono type={type} min={1} placeholder={hint ?? label} value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={take} onKeyDown={(event) => event.key === "Enter" && take()} />;
}
