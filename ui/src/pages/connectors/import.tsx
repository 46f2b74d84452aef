/** Makes a connector of an OpenAPI document: what becomes of it is shown first, with all that is not taken, and then it is published. */

import { type ChangeEvent, type JSX, useState } from "react";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { LongField, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { Told } from "../../parts/told";
import { say as sayFrame } from "../../words/en";
import { convert, type Converted, usePublish } from "./data";
import css from "./page.module.css";
import type { Connector } from "./said";
import { say } from "./words";

interface ImportProps {
  readonly onClose: () => void;
  readonly onDone: (name: string) => void;
}

/** So many lines of what is not taken are shown. */
const TOLD_MAX = 200;

export function Import({ onClose, onDone }: ImportProps): JSX.Element {
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [only, setOnly] = useState("");
  const [made, setMade] = useState<Converted | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const publish = usePublish();
  const during = async (what: () => Promise<void>) => {
    setAtWork(true);
    setError(null);
    try {
      await what();
    } catch (refused) {
      setError(refused as Error);
    }
    setAtWork(false);
  };
  const look = () =>
    during(async () => {
      const wanted = only.split(",").map((one) => one.trim()).filter(Boolean); // prettier-ignore
      setMade(await convert({ openapi: text, name: name.trim() || null, base_url: url.trim() || null, document_url: null, only: wanted.length === 0 ? null : wanted, tags: null }));
    });
  const keep = (one: Converted) =>
    during(async () => {
      const { name: called, version, created } = await publish(one.connector);
      toast({ says: say(created ? "done" : "same", { name: called, version }) });
      onClose();
      onDone(called);
    });
  const take = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const file = target.files?.[0];
    if (file === undefined) return;
    try {
      setText(await file.text());
    } catch (why) {
      setError(new Error(say("unread", { why: (why as Error).message })));
    }
  };
  return (
    <Dialog title={say("importTitle")} onClose={onClose} width={640}>
      <form
        className={css["import"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!isAtWork) void (made === null ? look() : keep(made));
        }}
      >
        {made === null ? (
          <>
            <p>{say("importSays")}</p>
            <TextField label={say("file")} type="file" accept=".json,.yaml,.yml,application/json" onChange={(event) => void take(event)} />
            <LongField label={say("text")} mono rows={10} value={text} onChange={(event) => setText(event.target.value)} />
            <TextField label={say("called")} mono value={name} onChange={(event) => setName(event.target.value)} />
            <TextField label={say("elsewhere")} mono value={url} onChange={(event) => setUrl(event.target.value)} />
            <TextField label={say("only")} mono value={only} onChange={(event) => setOnly(event.target.value)} />
          </>
        ) : (
          <Becomes of={made} />
        )}
        {error && <Told error={error} />}
        <div className={css["buttons"]}>
          {made !== null && <Button onClick={() => setMade(null)}>{say("again")}</Button>}
          <Button onClick={onClose}>{sayFrame("notNow")}</Button>
          <Button look="main" type="submit" aria-disabled={isAtWork || (made === null && text.trim() === "")}>
            {say(made === null ? "look" : "publish")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Becomes({ of: { connector, told } }: { of: Converted }): JSX.Element {
  const { name, base_url, actions } = connector as unknown as Connector;
  const names = Object.keys(actions);
  return (
    <>
      <p role="status">
        <strong>{say("becomes", { name, n: names.length, url: base_url })}</strong>
      </p>
      <p className={css["names"]} tabIndex={0} role="group" aria-label={say("actions")}>
        {names.map((one) => (
          <code key={one}>{one} </code>
        ))}
      </p>
      <h3>{say("told")}</h3>
      {told.length === 0 ? (
        <p className="soft">{say("nothingTold")}</p>
      ) : (
        <ul className={css["said"]} tabIndex={0} aria-label={say("told")}>
          {told.slice(0, TOLD_MAX).map(({ operation, said, left_out }, at) => (
            <li key={at}>
              <span className={left_out ? css["leftOut"] : "soft"}>{say(left_out ? "leftOut" : "note")}</span> <code>{operation}</code> {said}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
