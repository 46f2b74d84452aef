/** On which execution the expressions of a form are previewed. */

import type { JSX } from "react";
import { SelectField } from "../../parts/field";
import { useLastExecutions } from "../complete/use-catalog";
import css from "./forms.module.css";
import type { Sample } from "./use-preview";
import { say } from "./words";

interface SampleFieldProps {
  readonly workflow: string | null;
  readonly sample: Sample | null;
  readonly onSample: (execution: string) => void;
}

export function SampleField({ workflow, sample, onSample }: SampleFieldProps): JSX.Element {
  const { data = [] } = useLastExecutions(workflow);
  const known = data.map(({ execution_id, status }) => ({ value: execution_id, says: say("previewOf", { id: execution_id, status }) }));
  const other = sample !== null && !known.some(({ value }) => value === sample.execution) ? [{ value: sample.execution, says: sample.execution }] : [];
  return (
    <div className={css["sample"]} title={data.length === 0 ? say("previewNever") : undefined}>
      <SelectField label={say("preview")} hideLabel value={sample?.execution ?? ""} onChange={onSample} options={[{ value: "", says: say("previewNone") }, ...other, ...known]} />
    </div>
  );
}
