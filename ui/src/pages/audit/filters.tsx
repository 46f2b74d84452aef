/** The filters of the audit, each of which stands in the address. */

import { type JSX, useEffect, useRef, useState } from "react";
import { useOffered } from "../../frame/commands";
import { SelectField, TextField } from "../../parts/field";
import { zoneName, zoneShown } from "../../parts/time";
import { momentOf, wallOf } from "../../parts/wall";
import { useWorkflowNames } from "./data";
import css from "./page.module.css";
import type { AuditSearch } from "./route";
import { deed, DEEDS, say } from "./words";

interface FiltersProps {
  readonly search: AuditSearch;
  readonly onShow: (changed: AuditSearch) => void;
  readonly problem: string | undefined;
}

export function Filters({ search, onShow, problem }: FiltersProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const names = useWorkflowNames();
  useOffered([{ id: "filter", says: say("focusFilter"), keys: "/", group: say("title"), run: () => input.current?.focus() }]);
  const withChosen = (all: readonly string[], chosen: string | undefined) => (chosen === undefined || all.includes(chosen) ? all : [chosen, ...all]);
  return (
    <div className={css["filters"]}>
      <SelectField
        label={say("did")}
        value={search.command ?? ""}
        onChange={(command) => onShow({ command: command || undefined })}
        options={[{ value: "", says: say("anyDeed") }, ...withChosen(Object.keys(DEEDS), search.command).map((command) => ({ value: command, says: deed(command) }))]}
      />
      <SelectField
        label={say("workflow")}
        value={search.workflow ?? ""}
        onChange={(workflow) => onShow({ workflow: workflow || undefined })}
        options={[{ value: "", says: say("anyWorkflow") }, ...withChosen(names, search.workflow).map((name) => ({ value: name, says: name }))]}
      />
      <Typed label={say("actor")} value={search.actor} onShow={(actor) => onShow({ actor })} />
      <Typed label={say("execution")} mono value={search.execution} onShow={(execution) => onShow({ execution })} />
      <Time label={say("after", { zone: zoneShown() })} value={search.after} onShow={(after) => onShow({ after })} />
      <Time label={say("before", { zone: zoneShown() })} value={search.before} onShow={(before) => onShow({ before })} />
      <div className={css["wide"]}>
        <Typed input={input} label={say("filter")} mono placeholder={say("filterPlaceholder")} value={search.filter} problem={problem} onShow={(filter) => onShow({ filter })} />
      </div>
    </div>
  );
}

interface TypedProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onShow: (value: string | undefined) => void;
  readonly mono?: boolean;
  readonly placeholder?: string;
  readonly problem?: string | undefined;
  readonly input?: React.Ref<HTMLInputElement>;
}

/** What is typed counts with Enter, or when one goes on. */
function Typed({ label, value, onShow, problem, input, ...rest }: TypedProps): JSX.Element {
  const [typed, setTyped] = useState(value ?? "");
  useEffect(() => setTyped(value ?? ""), [value]); // back and forward change it, too
  const done = () => {
    if (typed.trim() !== (value ?? "")) onShow(typed.trim() || undefined);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <TextField {...rest} {...(input && { ref: input })} label={label} value={typed} problem={problem} onChange={(event) => setTyped(event.target.value)} onBlur={done} />
    </form>
  );
}

function Time({ label, value, onShow }: { label: string; value: string | undefined; onShow: (value: string | undefined) => void }): JSX.Element {
  const zone = zoneName();
  const shown = value === undefined || Number.isNaN(Date.parse(value)) ? "" : wallOf(Date.parse(value), zone);
  const set = (wall: string) => {
    const moment = momentOf(wall, zone);
    if (wall === "" || moment !== null) onShow(moment === null ? undefined : new Date(moment).toISOString());
  };
  return <TextField type="datetime-local" label={label} value={shown} onChange={(event) => set(event.target.value)} />;
}
