/** Before one thing is done with many executions: which there are, and what it will do with each. */

import { type JSX, useState } from "react";
import { api, ask } from "../api/client";
import { freshKey } from "../api/fresh";
import { Choice } from "../parts/choice";
import { Confirm } from "../parts/confirm";
import { TextField } from "../parts/field";
import { Told } from "../parts/told";
import css from "./bulk.module.css";
import { type BulkAction, type BulkOperation, type Preview, request, usePreview } from "./data";
import { say } from "./words";

const WITH_REASON: ReadonlySet<BulkAction> = new Set(["cancel", "terminate", "pause"]);

interface BulkDialogProps {
  readonly title: string;
  readonly actions: readonly BulkAction[];
  /** Which executions, as an expression. */
  readonly filter: string;
  /** What else is to be said of them. */
  readonly note?: string | undefined;
  readonly onStarted: (operation: string) => void;
  readonly onClose: () => void;
}

export function BulkDialog({ title, actions, filter, note, onStarted, onClose }: BulkDialogProps): JSX.Element {
  const [action, setAction] = useState<BulkAction>(actions[0] ?? "retry");
  const [reason, setReason] = useState("");
  const [key] = useState(() => freshKey());
  const preview = usePreview(action, filter);
  const go = async () => {
    const takesReason = WITH_REASON.has(action) && reason.trim() !== "";
    const body = request(action, filter, { reason: takesReason ? reason.trim() : null });
    const begun = (await ask(api.POST("/v1/operations", { params: { header: { "Idempotency-Key": `${key}-${action}` } }, body }))) as BulkOperation;
    onStarted(begun.operation_id);
  };
  const found = preview.data;
  const not = found === undefined ? (preview.isError ? "" : say("counting")) : found.total === 0 ? say("none") : found.is_more ? say("tooMany") : undefined;
  return (
    <Confirm title={title} does={found === undefined ? say(action) : say("doAll", { action: say(action), n: found.total })} not={not} onDo={go} onClose={onClose}>
      <Choice label={say("action")} options={actions.map((value) => ({ value, says: say(value) }))} chosen={action} onChoose={setAction} />
      <p>{say(`${action}Says`)}</p>
      {note !== undefined && <p>{note}</p>}
      {preview.error !== null && <Told error={preview.error} onRetry={() => void preview.refetch()} />}
      {found !== undefined && found.total > 0 && <Examples found={found} />}
      {WITH_REASON.has(action) && <TextField label={say("reason")} value={reason} maxLength={1_000} onChange={(event) => setReason(event.target.value)} />}
      <p className="soft">{say("durable")}</p>
    </Confirm>
  );
}

function Examples({ found: { total, examples } }: { found: Preview }): JSX.Element {
  return (
    <div>
      <p>{say("about", { n: total })}</p>
      <ul className={css["examples"]} translate="no">
        {examples.map((row) => (
          <li key={row.execution_id}>
            <code>{row.execution_id}</code> <span className="soft">{row.workflow}</span>
          </li>
        ))}
      </ul>
      {total > examples.length && <p className="soft">{say("more", { n: total - examples.length })}</p>}
    </div>
  );
}
