/** A past execution that results are taken from: one of the last, of which tests are marked, or any other by its id. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useId } from "react";
import { api, ask } from "../../../api/client";
import type { Found } from "../../../api/problem";
import { TextField } from "../../../parts/field";
import css from "./panel.module.css";
import { Wrong } from "./wrong";
import { say } from "./words";

interface AllFromProps {
  readonly says: string;
  /** What it says while it names none. */
  readonly none: string;
  readonly workflow: string | null;
  /** The test run that is looked at. */
  readonly run: string | null;
  readonly value: string;
  readonly problems: readonly Found[] | undefined;
  readonly onChange: (execution: string) => void;
}

export function AllFrom({ says, none, workflow, run, value, problems, onChange }: AllFromProps): JSX.Element {
  const last = useLast(workflow);
  const list = useId();
  const others = run === null || last.some(({ id }) => id === run) ? [] : [{ id: run, status: say("title") }];
  return (
    <div className={css["from"]}>
      <TextField label={says} mono value={value} list={list} placeholder={last[0]?.id ?? none} onChange={(event) => onChange(event.target.value.trim())} />
      <datalist id={list}>
        {[...others, ...last].map(({ id, status }) => (
          <option key={id} value={id}>
            {say("of", { id, status })}
          </option>
        ))}
      </datalist>
      {value === "" && last[0] !== undefined && (
        <button type="button" className={css["offer"]} onClick={() => onChange(last[0]?.id ?? "")}>
          {say("takeLast", { id: last[0].id, status: last[0].status })}
        </button>
      )}
      <Wrong problems={problems} />
    </div>
  );
}

/** The last executions of a workflow that were no tests. */
export function useLast(workflow: string | null): readonly { readonly id: string; readonly status: string }[] {
  const { data } = useQuery({
    queryKey: ["executions to test with", workflow],
    enabled: workflow !== null,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions", { params: { query: { workflow: workflow as string, limit: 20 } }, signal })),
    select: ({ executions }) => executions.map(({ execution_id, status }) => ({ id: execution_id, status })),
  });
  return data ?? NONE;
}

const NONE: readonly { readonly id: string; readonly status: string }[] = [];
