/** A bulk operation at work: how far it is, and what became of each execution. */

import { type JSX, useEffect, useEffectEvent } from "react";
import { IconButton } from "../parts/button";
import { Progress } from "../parts/progress";
import { State } from "../parts/state";
import { type Column, Table } from "../parts/table";
import { Told } from "../parts/told";
import { say as sayAny } from "../words/en";
import css from "./bulk.module.css";
import { type BulkAction, type BulkResult, RESULTS_MAX, useOperation, useResults } from "./data";
import { say } from "./words";

interface OperationProps {
  readonly id: string;
  readonly onOpen: (execution: string) => void;
  /** It has ended: lists that it changed are asked for again. */
  readonly onEnded: () => void;
  readonly onClose: () => void;
}

export function OperationView({ id, onOpen, onEnded, onClose }: OperationProps): JSX.Element {
  const operation = useOperation(id);
  const shown = operation.data;
  const results = useResults(id, shown?.done ?? 0);
  const ended = shown?.ended_at ?? null;
  const end = useEffectEvent(onEnded);
  useEffect(() => {
    if (ended !== null) end();
  }, [ended]);
  const rows = results.data?.results ?? [];
  return (
    <section className={css["operation"]} aria-label={say("operation")}>
      <header className={css["head"]}>
        <h2>{shown === undefined ? say("operation") : sayAction(shown.action)}</h2>
        {shown !== undefined && <State status={shown.status} />}
        <span className={css["gap"]} />
        <IconButton icon="close" says={sayAny("close")} onClick={onClose} />
      </header>
      {operation.error !== null && <Told error={operation.error} onRetry={() => void operation.refetch()} />}
      {shown !== undefined && (
        <div className={css["facts"]}>
          <Progress says={say("operation")} share={shown.total === null ? null : shown.total === 0 ? 1 : shown.done / shown.total} />
          <p role="status">
            {shown.total === null ? say("finding") : `${say("progress", { done: shown.done, total: shown.total })}: ${say("counts", { ok: shown.ok, skipped: shown.skipped, failed: shown.failed })}`}
          </p>
          {shown.error !== null && <p translate="no">{shown.error}</p>}
          {rows.length === RESULTS_MAX && <p className="soft">{say("onlyFirst", { n: RESULTS_MAX })}</p>}
        </div>
      )}
      <Table says={say("results")} columns={columns()} rows={rows} keyOf={(row) => row.execution_id} onOpen={(row) => onOpen(row.execution_id)} />
    </section>
  );
}

function sayAction(action: string): string {
  return ["retry", "fail", "cancel", "terminate", "pause", "resume"].includes(action) ? say(action as BulkAction) : action;
}

function columns(): readonly Column<BulkResult>[] {
  return [
    { id: "execution", says: say("execution"), width: "minmax(140px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.execution_id}</code> },
    { id: "result", says: say("result"), width: "112px", narrow: "96px", cell: (row) => say(row.result) },
    { id: "why", says: say("why"), width: "minmax(0, 1.4fr)", cell: (row) => <span className="soft">{row.why}</span> },
  ];
}
