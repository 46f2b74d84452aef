/** A condition is chosen: of what, how it is compared, and with what. */

import { type JSX, useState } from "react";
import { Confirm } from "../parts/confirm";
import { SelectField, TextField } from "../parts/field";
import { STATUSES } from "../parts/state";
import { sayState } from "../words/en";
import { COLUMNS, isFit, kindOf, OPERATORS, type Operator, type Term } from "./terms";
import { say, sayOfTime, sayOperator } from "./words";

const SEARCH = "search.";
/** States of nodes, which no execution is in. */
const OF_NODES: ReadonlySet<string> = new Set(["queued", "active", "retrying", "stopping", "lingering", "waiting", "skipped"]);

interface TermDialogProps {
  /** What it is now; null makes a new one. */
  readonly term: Term | null;
  readonly workflows: readonly string[];
  readonly searchNames: readonly string[];
  readonly onTerm: (term: Term) => void;
  readonly onClose: () => void;
}

export function TermDialog({ term, workflows, searchNames, onTerm, onClose }: TermDialogProps): JSX.Element {
  const [column, setColumn] = useState(term?.column ?? "status");
  const [operator, setOperator] = useState<Operator>(term?.operator ?? "==");
  const [value, setValue] = useState(term?.value ?? "");
  const kind = kindOf(column);
  const operators: readonly Operator[] = OPERATORS[kind];
  const chosen = operators.includes(operator) ? operator : (operators[0] ?? "==");
  const isSearch = column.startsWith(SEARCH);
  const known = searchNames.map((name) => SEARCH + name);
  const isOther = isSearch && !known.includes(column);
  const fits = isFit({ column, value }) && (!isSearch || /^search\.[A-Za-z_][A-Za-z0-9_]*$/.test(column));
  const choose = (next: string) => {
    setColumn(next);
    if (kindOf(next) !== kind) setValue("");
  };
  const options = choices(column, chosen, workflows);
  const hint = chosen === "in" ? say("hintList") : kind === "time" ? say("hintTime") : kind === "duration" ? say("hintDuration") : kind === "whole" ? say("hintWhole") : "";
  return (
    <Confirm
      title={say("addTitle")}
      does={term === null ? say("doAdd") : say("doChange")}
      not={fits ? undefined : say("lacks")}
      onDo={async () => {
        await Promise.resolve();
        onTerm({ column, operator: chosen, value: value.trim() });
      }}
      onClose={onClose}
    >
      <SelectField
        label={say("column")}
        value={isOther ? SEARCH : column}
        onChange={choose}
        options={[...COLUMNS.map(({ name }) => ({ value: name, says: name })), ...known.map((name) => ({ value: name, says: name })), { value: SEARCH, says: say("searchValue") }]}
      />
      {isOther && <TextField label={say("searchName")} mono value={column.slice(SEARCH.length)} onChange={(event) => setColumn(SEARCH + event.target.value)} />}
      <SelectField
        label={say("operator")}
        value={chosen}
        onChange={(next) => setOperator(next as Operator)}
        options={operators.map((one) => ({ value: one, says: kind === "time" ? sayOfTime(one as ">") : sayOperator(one) }))}
      />
      {options === null ? (
        <TextField label={say("value")} mono value={value} placeholder={hint} onChange={(event) => setValue(event.target.value)} />
      ) : (
        <SelectField label={say("value")} value={value} onChange={setValue} options={[{ value: "", says: "" }, ...options]} />
      )}
    </Confirm>
  );
}

function choices(column: string, operator: Operator, workflows: readonly string[]): readonly { readonly value: string; readonly says: string }[] | null {
  if (operator !== "==" && operator !== "!=") return null;
  if (kindOf(column) === "flag") return ["true", "false"].map((value) => ({ value, says: value }));
  if (column === "status") return STATUSES.filter((one) => !OF_NODES.has(one)).map((value) => ({ value, says: sayState(value) }));
  return column === "workflow" && workflows.length > 0 ? workflows.map((value) => ({ value, says: value })) : null;
}
