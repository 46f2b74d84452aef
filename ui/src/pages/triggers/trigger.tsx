/** A trigger: when it fires next and fired last, what it passed over and why; paused, resumed, back-filled. */

import { Link } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import type { Json } from "../../api/exact";
import { Problem } from "../../api/problem";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Missing } from "../../parts/empty";
import { TextField } from "../../parts/field";
import { Pairs } from "../../parts/pairs";
import { duration, longTime, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { toast } from "../../parts/toast";
import { Value } from "../../parts/value";
import { When } from "../../parts/when";
import { Backfill } from "./backfill";
import { type Backfilled, pause, resume, type Trigger, useAgain, useTrigger } from "./data";
import listed from "../../parts/listed.module.css";
import css from "./page.module.css";
import { StateOf } from "./state-of";
import { say } from "./words";

type Doing = "pause" | "resume" | "backfill";

export function TriggerView({ name, onBack }: { name: string; onBack: () => void }): JSX.Element {
  const found = useTrigger(name);
  const again = useAgain();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [done, setDone] = useState<Backfilled | null>(null);
  const close = () => setDoing(null);
  const trigger = found.data;
  if (trigger === undefined) {
    const isMissing = found.error instanceof Problem && found.error.status === 404;
    if (isMissing) return <Missing title={say("missing", { name })} says={say("missingSays")} back={say("back")} onBack={onBack} />;
    return <div className={listed["view"]}>{found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}</div>;
  }
  return (
    <article className={listed["view"]} aria-label={name}>
      <Button className={listed["back"]} icon="left" onClick={onBack}>
        {say("back")}
      </Button>
      <h2 className={listed["title"]} translate="no">
        {name}
      </h2>
      <div className={listed["does"]}>
        {trigger.status === "paused" ? <Button onClick={() => setDoing("resume")}>{say("resume")}</Button> : <Button onClick={() => setDoing("pause")}>{say("pauseDots")}</Button>}
        {trigger.type === "schedule" && <Button onClick={() => setDoing("backfill")}>{say("backfillDots")}</Button>}
      </div>
      <Facts trigger={trigger} />
      {done !== null && <Done done={done} />}
      <Next trigger={trigger} />
      <Skipped trigger={trigger} />
      <section>
        <h3>{say("says")}</h3>
        <Value says={say("says")} value={trigger.config as Json} linesMax={16} />
      </section>
      {doing === "backfill" && <Backfill name={name} onClose={close} onDone={(made) => { setDone(made); again(); }} />}
      {(doing === "pause" || doing === "resume") && <Hold name={name} does={doing} onDone={again} onClose={close} />}
    </article>
  );
}

function Facts({ trigger: { type, workflow, status, paused, since, made_by, last, id, jitter_ms, drift_ms, skipped } }: { trigger: Trigger }): JSX.Element {
  const missed = skipped.filter(({ reason }) => reason === "missed").reduce((sum, { count }) => sum + Number(count), 0);
  return (
    <Pairs
      of={[
        [say("state"), <StateOf key="s" status={status} />],
        [say("pausedBy"), paused && <span key="p"><When at={paused.at} /> {paused.reason === "" ? say("pausedNoReason", { by: paused.by }) : say("pausedSays", { by: paused.by, reason: paused.reason })}</span>],
        [say("type"), <code key="t">{type}</code>],
        [say("workflow"), <Link key="w" to="/executions" search={{ workflow, filter: `trigger != null && trigger.id == '${id}'` }}>{workflow}</Link>],
        [say("madeBy"), made_by === "hand" ? say("byHand") : say("byDefinition")],
        [say("since"), <When key="n" at={since} />],
        [say("lastFired"), last === null ? say("never") : <span key="l"><When at={last.at} /> <Link to="/executions/$id" params={{ id: last.execution_id }}>{last.execution_id}</Link></span>],
        [say("jitter"), jitter_ms !== null && (Number(jitter_ms) === 0 ? say("noJitter") : say("jitterSays", { by: duration(Number(jitter_ms)) }))],
        [say("drift"), drift_ms !== null && say("driftSays", { by: duration(Number(drift_ms)) })],
        [say("missed"), type === "schedule" && (missed === 0 ? say("noneMissed") : say("missedSays", { n: missed }))],
      ]}
    />
  );
}

function Next({ trigger: { type, next, status } }: { trigger: Trigger }): JSX.Element {
  const none = status === "unknown" ? say("unknownSays") : type !== "schedule" ? say("isEvent") : status === "paused" ? say("noNextPaused") : say("noNext");
  return (
    <section>
      <h3>{say("nextRuns", { zone: zoneShown() })}</h3>
      {next.length === 0 ? <p className="soft">{none}</p> : <ul className={css["times"]}>{next.map((at) => <li key={at}><time dateTime={at}>{longTime(at)}</time></li>)}</ul>}
    </section>
  );
}

function Skipped({ trigger: { skipped } }: { trigger: Trigger }): JSX.Element | null {
  if (skipped.length === 0) return null;
  return (
    <section>
      <h3>{say("passedOver")}</h3>
      <ul className={css["times"]}>
        {skipped.map((one, at) => (
          <li key={at}>
            <When at={one.at} /> <code>{one.reason}</code> {one.count > 1 && <span>{say("times", { n: one.count })}</span>} <span className="soft">{one.message}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Done({ done: started }: { done: Backfilled }): JSX.Element {
  const wrong = started.filter(({ problem }) => problem !== null).length;
  const created = started.filter((one) => one.created).length;
  return (
    <section>
      <h3 role="status">{say("made", { created, there: started.length - created - wrong, wrong })}</h3>
      <ul className={css["made"]}>
        {started.map((one) => (
          <li key={one.due}>
            <When at={one.due} /> {one.execution_id !== null && <Link to="/executions/$id" params={{ id: one.execution_id }}>{one.execution_id}</Link>}{" "}
            <span className="soft">{one.problem ?? say(one.created ? "started" : "there")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Hold({ name, does, onDone, onClose }: { name: string; does: "pause" | "resume"; onDone: () => void; onClose: () => void }): JSX.Element {
  const [reason, setReason] = useState("");
  const go = async () => {
    if (does === "pause") await pause(name, reason.trim());
    else await resume(name);
    toast({ says: say(does === "pause" ? "paused" : "resumed", { name }) });
    onDone();
  };
  return (
    <Confirm title={`${say(does)}: ${name}`} does={say(does)} onDo={go} onClose={onClose}>
      <p>{say(`${does}Does`)}</p>
      {does === "pause" && <TextField label={say("reason")} value={reason} maxLength={1_000} onChange={(event) => setReason(event.target.value)} />}
    </Confirm>
  );
}
