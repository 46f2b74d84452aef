/** What is asked for: a state, a workflow, and a filter, as it is typed and as its conditions. */

import { type JSX, useRef } from "react";
import { Chips } from "../../filter/chips";
import { FilterField } from "../../filter/filter-field";
import { useOffered } from "../../frame/commands";
import type { LiveProblem } from "../../live/connection";
import { SelectField } from "../../parts/field";
import { sayState } from "../../words/en";
import { useWorkflowNames } from "./list";
import css from "./page.module.css";
import type { ExecutionsSearch } from "./route";
import { STATUSES, type Status } from "./statuses";
import { say } from "./words";

interface FiltersProps {
  readonly search: ExecutionsSearch;
  readonly searchNames: readonly string[];
  readonly onShow: (changed: ExecutionsSearch) => void;
  readonly problem: LiveProblem | null;
}

export function Filters({ search, searchNames, onShow, problem }: FiltersProps): JSX.Element {
  const names = useWorkflowNames();
  const input = useRef<HTMLInputElement>(null);
  useOffered([{ id: "filter", says: say("focusFilter"), keys: "/", group: say("title"), run: () => input.current?.focus() }]);
  const chosen = search.workflow !== undefined && !names.includes(search.workflow) ? [search.workflow, ...names] : names;
  const filtered = (filter: string | undefined) => onShow({ filter });
  return (
    <div className={css["filters"]}>
      <SelectField
        label={say("state")}
        hideLabel
        value={search.status?.length === 1 ? search.status[0] : search.status ? "several" : ""}
        onChange={(status) => onShow({ status: status === "" ? undefined : [status as Status] })}
        options={[
          { value: "", says: say("anyState") },
          ...(search.status && search.status.length > 1 ? [{ value: "several", says: search.status.map((one) => sayState(one)).join(", ") }] : []),
          ...STATUSES.map((status) => ({ value: status, says: sayState(status) })),
        ]}
      />
      <SelectField
        label={say("workflow")}
        hideLabel
        value={search.workflow ?? ""}
        onChange={(workflow) => onShow({ workflow: workflow || undefined })}
        options={[{ value: "", says: say("anyWorkflow") }, ...chosen.map((name) => ({ value: name, says: name }))]}
      />
      <FilterField ref={input} filter={search.filter} problem={problem} searchNames={searchNames} onFilter={filtered} />
      <Chips filter={search.filter} workflows={names} searchNames={searchNames} onFilter={filtered} />
    </div>
  );
}
