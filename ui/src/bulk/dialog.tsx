/** Before one thing is done with many executions: which there are, with which of them nothing is done and why, and what it will do. */

import { type JSX, useState } from "react";
import { type Json, parse } from "../api/exact";
import { freshKey } from "../api/fresh";
import { Choice } from "../parts/choice";
import { Confirm } from "../parts/confirm";
import { LongField, SelectField, TextField } from "../parts/field";
import { Told } from "../parts/told";
import css from "./bulk.module.css";
import { begin, type BulkAction, type Preview, type Said, usePreview, type Which } from "./data";
import { say } from "./words";

const WITH_REASON: ReadonlySet<BulkAction> = new Set(["cancel", "terminate", "pause"]);

/** So many actions stand side by side. */
const FEW = 3;

interface BulkDialogProps {
  readonly title: string;
  readonly actions: readonly BulkAction[];
  /** Which executions. */
  readonly which: Which;
  readonly onStarted: (operation: string) => void;
  readonly onClose: () => void;
}

export function BulkDialog({ title, actions, which, onStarted, onClose }: BulkDialogProps): JSX.Element {
  const [action, setAction] = useState<BulkAction>(actions[0] ?? "retry");
  const [reason, setReason] = useState("");
  const [signal, setSignal] = useState("");
  const [payload, setPayload] = useState("null");
  const [key] = useState(() => freshKey());
  const preview = usePreview(action, which);
  const isSignal = action === "signal";
  const sent = isSignal ? read(payload) : undefined;
  const said: Said = {
    ...(WITH_REASON.has(action) && reason.trim() !== "" && { reason: reason.trim() }),
    ...(isSignal && { signal: signal.trim() }),
    ...(sent?.value !== undefined && sent.value !== null && { payload: sent.value }),
  };
  const options = actions.map((value) => ({ value, says: say(value) }));
  const found = preview.data;
  const isLacking = isSignal && (signal.trim() === "" || sent?.wrong !== undefined);
  const not = found === undefined ? (preview.isError ? "" : say("counting")) : found.total === 0 ? say("none") : found.is_more ? say("tooMany") : found.will === 0 ? say("noneOfThem") : isLacking ? say("signalLacks") : undefined;
  return (
    <Confirm
      title={title}
      does={found === undefined ? say(action) : say("doAll", { action: say(action), n: found.will })}
      not={not}
      onDo={async () => onStarted(await begin(action, which, said, `${key}-${action}`))}
      onClose={onClose}
    >
      {actions.length > FEW ? (
        <SelectField label={say("action")} options={options} value={action} onChange={(chosen) => setAction(chosen as BulkAction)} />
      ) : (
        <Choice label={say("action")} options={options} chosen={action} onChoose={setAction} />
      )}
      <p>{say(`${action}Says`)}</p>
      {preview.error !== null && <Told error={preview.error} onRetry={() => void preview.refetch()} />}
      {found !== undefined && found.total > 0 && <Found found={found} />}
      {WITH_REASON.has(action) && <TextField label={say("reason")} value={reason} maxLength={1_000} onChange={(event) => setReason(event.target.value)} />}
      {isSignal && <TextField label={say("signalName")} mono value={signal} onChange={(event) => setSignal(event.target.value)} />}
      {isSignal && <LongField label={say("payload")} mono value={payload} problem={sent?.wrong} onChange={(event) => setPayload(event.target.value)} />}
      <p className="soft">{say("durable")}</p>
    </Confirm>
  );
}

function read(text: string): { readonly value?: Json; readonly wrong?: string } {
  try {
    return { value: parse(text.trim() === "" ? "null" : text) };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

function Found({ found: { total, skipped, examples } }: { found: Preview }): JSX.Element {
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
      {skipped.map((one) => (
        <p key={one.why}>
          {say("passesOver", { n: one.count })} <span translate="no">{one.why}</span> <span className="soft" translate="no">{`(${one.examples.join(", ")}${one.count > one.examples.length ? ", …" : ""})`}</span>
        </p>
      ))}
    </div>
  );
}
