/** A bulk operation at work: how far it is, what became of each execution; it is held, goes on, is ended, and taken back. */

import { type JSX, useEffect, useEffectEvent, useState } from "react";
import { freshKey } from "../api/fresh";
import { Button, IconButton } from "../parts/button";
import { Choice } from "../parts/choice";
import { Progress } from "../parts/progress";
import { State } from "../parts/state";
import { type Column, Table } from "../parts/table";
import { Told } from "../parts/told";
import { say as sayAny } from "../words/en";
import css from "./bulk.module.css";
import { ACTIONS, type BulkAction, type BulkOperation, type BulkResult, type Result, RESULTS_MAX, steer, undo, useOperation, useResults } from "./data";
import { say } from "./words";

const TAKES_BACK: ReadonlySet<string> = new Set(["pause", "resume", "migrate"]);

interface OperationProps {
  readonly id: string;
  readonly onOpen: (execution: string) => void;
  /** Another one has begun, which takes this one back. */
  readonly onStarted: (operation: string) => void;
  /** It has ended: lists that it changed are asked for again. */
  readonly onEnded: () => void;
  readonly onClose: () => void;
}

export function OperationView({ id, onOpen, onStarted, onEnded, onClose }: OperationProps): JSX.Element {
  const operation = useOperation(id);
  const [only, setOnly] = useState<Result | "all">("all");
  const shown = operation.data;
  const results = useResults(id, shown?.done ?? 0, only === "all" ? null : only);
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
        {shown !== undefined && <Steer of={shown} onStarted={onStarted} onDone={() => void operation.refetch()} />}
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
          <Choice label={say("results")} options={(["all", "ok", "skipped", "failed"] as const).map((value) => ({ value, says: say(value) }))} chosen={only} onChoose={setOnly} />
          {rows.length === RESULTS_MAX && <p className="soft">{say("onlyFirst", { n: RESULTS_MAX })}</p>}
        </div>
      )}
      <Table says={say("results")} columns={columns()} rows={rows} keyOf={(row) => row.execution_id} onOpen={(row) => onOpen(row.execution_id)} />
    </section>
  );
}

interface SteerProps {
  readonly of: BulkOperation;
  readonly onStarted: (operation: string) => void;
  readonly onDone: () => void;
}

function Steer({ of: { operation_id: id, status, action, ok, ended_at }, onStarted, onDone }: SteerProps): JSX.Element {
  const [error, setError] = useState<Error | null>(null);
  const [key] = useState(() => freshKey());
  const go = async (work: () => Promise<void>) => {
    setError(null);
    try {
      await work();
    } catch (refused) {
      setError(refused instanceof Error ? refused : new Error(String(refused)));
    }
  };
  const does = (what: "pause" | "resume" | "cancel") => () =>
    void go(async () => {
      await steer(id, what);
      onDone();
    });
  return (
    <>
      {error !== null && <Told error={error} />}
      {ended_at === null && (status === "paused" ? <Button onClick={does("resume")}>{say("goOn")}</Button> : <Button onClick={does("pause")}>{say("hold")}</Button>)}
      {ended_at === null && <Button onClick={does("cancel")}>{say("stop")}</Button>}
      {ended_at !== null && TAKES_BACK.has(action) && ok > 0 && (
        <Button icon="undo" onClick={() => void go(async () => onStarted(await undo(id, key)))}>
          {say("takeBack", { n: ok })}
        </Button>
      )}
    </>
  );
}

function sayAction(action: string): string {
  if (action === "migrate" || action === "go back") return say(action === "migrate" ? "migrate" : "goBack");
  return (ACTIONS as readonly string[]).includes(action) ? say(action as BulkAction) : action;
}

function columns(): readonly Column<BulkResult>[] {
  return [
    { id: "execution", says: say("execution"), width: "minmax(140px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.execution_id}</code> },
    { id: "result", says: say("result"), width: "112px", narrow: "96px", cell: (row) => say(row.result) },
    { id: "why", says: say("why"), width: "minmax(0, 1.4fr)", cell: (row) => <span className="soft">{row.why}</span> },
  ];
}
