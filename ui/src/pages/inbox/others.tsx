/** Who has taken it, what was said, files, and what happened: all that people do with a task beside answering it. */

import { type JSX, useRef, useState } from "react";
import { api, ask, personHeaders } from "../../api/client";
import { ROOT } from "../../api/place";
import { problemOf } from "../../api/problem";
import { freshKey } from "../../api/fresh";
import { useSettings } from "../../look/settings";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { LongField, TextField } from "../../parts/field";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import type { Task } from "./data";
import css from "./page.module.css";
import { say } from "./words";

export function Others({ task, onDone }: { task: Task; onDone: () => void }): JSX.Element {
  const { person } = useSettings();
  const [isDelegating, delegate] = useState(false);
  const [refused, setRefused] = useState<Error | null>(null);
  const path = { task: task.task_id };
  const go = async (doing: Promise<unknown>) => {
    setRefused(null);
    try {
      await doing;
      onDone();
    } catch (error) {
      setRefused(error as Error);
    }
  };
  const isMine = task.claimed_by !== null && task.claimed_by === (person.trim() || "anonymous");
  return (
    <>
      {refused !== null && <Told error={refused} />}
      {task.status === "open" && (
        <div className={css["ports"]}>
          {task.claimed_by === null && <Button onClick={() => void go(ask(api.POST("/v1/tasks/{task}/claim", { params: { path } })))}>{say("claim")}</Button>}
          {isMine && <Button onClick={() => void go(ask(api.POST("/v1/tasks/{task}/release", { params: { path } })))}>{say("release")}</Button>}
          {task.claimed_by !== null && <span className="soft">{say("claimedBy", { person: task.claimed_by })}</span>}
          <Button onClick={() => delegate(true)}>{say("delegate")}</Button>
          <Attach task={task} go={go} />
        </div>
      )}
      <Said task={task} go={go} />
      <History task={task} />
      {isDelegating && <Delegate task={task} onDone={onDone} onClose={() => delegate(false)} />}
    </>
  );
}

function Delegate({ task, onDone, onClose }: { task: Task; onDone: () => void; onClose: () => void }): JSX.Element {
  const [to, setTo] = useState("");
  const [comment, setComment] = useState("");
  const go = async () => {
    await ask(api.POST("/v1/tasks/{task}/delegate", { params: { path: { task: task.task_id } }, body: { to: to.trim(), comment } }));
    onDone();
  };
  return (
    <Confirm title={say("delegate")} does={say("delegate")} not={to.trim() === "" ? say("delegateTo") : undefined} onDo={go} onClose={onClose}>
      <TextField label={say("delegateTo")} value={to} onChange={(event) => setTo(event.target.value)} />
      <TextField label={say("comment")} value={comment} onChange={(event) => setComment(event.target.value)} />
    </Confirm>
  );
}

type Go = (doing: Promise<unknown>) => Promise<void>;

function Attach({ task, go }: { task: Task; go: Go }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const send = async (file: File) => {
    const address = new URL(`v1/tasks/${encodeURIComponent(task.task_id)}/attachments?name=${encodeURIComponent(file.name)}`, ROOT);
    const headers = { ...personHeaders(), "Content-Type": file.type || "application/octet-stream", "Idempotency-Key": freshKey() };
    const response = await fetch(address, { method: "POST", body: file, headers });
    if (!response.ok) throw await problemOf(response);
  };
  return (
    <>
      <input ref={input} type="file" hidden onChange={(event) => event.target.files?.[0] && void go(send(event.target.files[0]))} />
      <Button onClick={() => input.current?.click()}>{say("attach")}</Button>
    </>
  );
}

function Said({ task, go }: { task: Task; go: Go }): JSX.Element | null {
  const [text, setText] = useState("");
  const send = async () => {
    await ask(api.POST("/v1/tasks/{task}/comment", { params: { path: { task: task.task_id }, header: { "Idempotency-Key": freshKey() } }, body: { comment: text } }));
    setText("");
  };
  if (task.comments.length === 0 && task.status !== "open") return null;
  return (
    <section>
      <h3>{say("comments")}</h3>
      <ul className={css["said"]}>
        {task.comments.map((one, at) => (
          <li key={at}>
            <strong>{one.by}</strong> <When at={one.at} />
            <p className={css["text"]}>{one.comment}</p>
            {one.file && (
              <a href={new URL(`v1/tasks/${encodeURIComponent(task.task_id)}/attachments/${one.file.number}`, ROOT).href} download={one.file.name}>
                {say("download", { name: one.file.name })}
              </a>
            )}
          </li>
        ))}
      </ul>
      {task.status === "open" && (
        <form
          className={css["say"]}
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "") void go(send());
          }}
        >
          <LongField label={say("say")} rows={2} value={text} onChange={(event) => setText(event.target.value)} />
          <Button type="submit">{say("say")}</Button>
        </form>
      )}
    </section>
  );
}

function History({ task }: { task: Task }): JSX.Element {
  return (
    <section>
      <h3>{say("history")}</h3>
      <ul className={css["said"]}>
        {task.events.map((one) => (
          <li key={one.version}>
            <span>{one.event}</span> <span className="soft">{typeof one["by"] === "string" ? one["by"] : ""}</span> <When at={one.at} />
          </li>
        ))}
      </ul>
    </section>
  );
}
