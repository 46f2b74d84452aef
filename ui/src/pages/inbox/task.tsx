/** A task: what is asked, with its context; and the answer, which is kept until it counts. */

import { Link } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { api, ask } from "../../api/client";
import { type Json, parse, write } from "../../api/exact";
import { Problem } from "../../api/problem";
import { fieldsOf } from "../../form/fields";
import { Form, valueIn } from "../../form/form";
import { Button } from "../../parts/button";
import { Missing } from "../../parts/empty";
import { LongField } from "../../parts/field";
import { Pairs } from "../../parts/pairs";
import { Told } from "../../parts/told";
import { toast } from "../../parts/toast";
import { Value } from "../../parts/value";
import { When } from "../../parts/when";
import { type Task, type TaskRow, useAgain, useTask } from "./data";
import { type Draft, useDraft } from "./draft";
import css from "./page.module.css";
import { Others } from "./others";
import { say } from "./words";

interface TaskViewProps {
  readonly id: string;
  readonly rows: readonly TaskRow[] | null;
  readonly onBack: () => void;
}

export function TaskView({ id, rows, onBack }: TaskViewProps): JSX.Element {
  const row = rows?.find(({ task_id }) => task_id === id);
  const found = useTask(id, row && `${row.answers} ${row.claimed_by} ${row.status}`);
  const again = useAgain();
  if (found.error) {
    const isUnknown = found.error instanceof Problem && found.error.status === 404;
    return isUnknown ? <Missing title={say("unknown", { id })} says={found.error.message} back={say("back")} onBack={onBack} /> : <Told error={found.error} onRetry={again} />;
  }
  const task = found.data;
  if (task === undefined) return <p className={css["loading"]}>{say("loading")}</p>;
  return (
    <article className={css["task"]} aria-label={task.question}>
      <Button className={css["back"]} icon="left" onClick={onBack}>
        {say("back")}
      </Button>
      <h2 className={css["asked"]}>{task.question}</h2>
      <Pairs
        of={[
          [say("workflow"), task.workflow],
          [say("execution"), <Link key="e" to="/executions/$id" params={{ id: task.execution_id }} search={{ node: task.path }}>{task.execution_id}</Link>],
          [say("people"), task.assignees.join(", ") || say("anybody")],
          [say("asked"), <When key="a" at={task.created_at} />],
        ]}
      />
      {shown(task.details) && <Section says={say("details")} value={task.details as Json} />}
      {shown(task.content) && <Section says={say("content")} value={task.content as Json} />}
      {task.status === "open" ? <Answer task={task} onDone={again} /> : <p className="soft">{say("over_", { status: task.status, outcome: task.outcome === null ? "" : `, ${task.outcome}` })}</p>}
      <Others task={task} onDone={again} />
    </article>
  );
}

function shown(value: unknown): boolean {
  return value !== null && value !== undefined && !(typeof value === "object" && Object.keys(value).length === 0);
}

function Section({ says, value }: { says: string; value: Json }): JSX.Element {
  return (
    <section>
      <h3>{says}</h3>
      {typeof value === "string" ? <p className={css["text"]}>{value}</p> : <Value says={says} value={value} linesMax={16} />}
    </section>
  );
}

function Answer({ task, onDone }: { task: Task; onDone: () => void }): JSX.Element {
  const [draft, change, forget] = useDraft(task.task_id, secretsOf(task));
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [refused, setRefused] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const answer = async (port: string) => {
    const data = shown(task.form) ? valueIn(task.form as Json, draft.typed) : { value: null, problems: {} };
    const content = contentOf(task, draft);
    const wrong = { ...data.problems, ...(content.wrong !== undefined && { content: content.wrong }) };
    setProblems(wrong);
    setRefused(null);
    if (Object.keys(wrong).length > 0) return;
    setAtWork(true);
    try {
      const body = { port, data: isTouched(task, draft) ? data.value : null, comment: draft.comment, content: content.value };
      const taken = await ask(api.POST("/v1/tasks/{task}/answer", { params: { path: { task: task.task_id }, header: { "Idempotency-Key": `${draft.key}-${port}` } }, body: body as never }));
      forget();
      toast({ says: taken.message });
      onDone();
    } catch (error) {
      setRefused(error as Error);
    }
    setAtWork(false);
  };
  return (
    <form className={css["answer"]} onSubmit={(event) => event.preventDefault()}>
      {shown(task.form) && <Form schema={task.form as Json} typed={draft.typed} problems={problems} onType={(typed) => change({ typed })} />}
      {task.kind === "review" && (
        <LongField label={say("contentEdited")} mono={typeof task.content !== "string"} rows={8} value={draft.content ?? textOf(task.content as Json)} problem={problems["content"]} onChange={(event) => change({ content: event.target.value })} />
      )}
      <LongField label={say("comment")} rows={2} value={draft.comment} onChange={(event) => change({ comment: event.target.value })} />
      {refused !== null && <Told error={refused} />}
      <div className={css["ports"]}>
        {task.ports.map(({ port, label, needed }, at) => (
          <Button key={port} look={at === 0 ? "main" : "plain"} aria-disabled={isAtWork} onClick={() => !isAtWork && void answer(port)}>
            {needed > 1 ? say("needed", { label, n: needed }) : label}
          </Button>
        ))}
        {(draft.comment !== "" || Object.keys(draft.typed).length > 0 || draft.content !== null) && <span className="soft">{say("kept")}</span>}
      </div>
    </form>
  );
}

function secretsOf(task: Task): ReadonlySet<string> {
  return new Set(fieldsOf(task.form as Json)?.flatMap(({ name, kind }) => (kind === "secret" ? [name] : [])));
}

/** A form that is left as it is is no data. */
function isTouched(task: Task, draft: Draft): boolean {
  return Object.values(draft.typed).some((text) => text !== "") || (shown(task.form) && write(task.form as Json).includes('"required"'));
}

function textOf(content: Json): string {
  return typeof content === "string" ? content : write(content, 2);
}

function contentOf(task: Task, draft: Draft): { readonly value: Json; readonly wrong?: string } {
  if (task.kind !== "review" || draft.content === null) return { value: null };
  if (typeof task.content === "string") return { value: draft.content };
  try {
    return { value: parse(draft.content) };
  } catch (error) {
    return { value: null, wrong: say("contentWrong", { why: (error as Error).message }) };
  }
}
