/** What an execution waits for, since when, and who can release it. */

import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import { Pairs } from "../../parts/pairs";
import { When } from "../../parts/when";
import { sayWait } from "../../words/en";
import type { State } from "./data";
import css from "./inspector.module.css";
import { say } from "./words";

type Wait = State["waiting_for"][number];

const SHOWN_MAX = 100;

export function Waits({ of, onRun }: { of: readonly Wait[]; onRun: (run: string) => void }): JSX.Element {
  return (
    <section>
      <h3 className={css["heading"]}>{say("waits")}</h3>
      <Pairs of={of.slice(0, SHOWN_MAX).map((one, at): readonly [string, ReactNode] => [one.path || say("whole"), <One key={at} of={one} onRun={onRun} />])} />
      {of.length > SHOWN_MAX && <p className="soft">{say("moreWaits", { n: of.length - SHOWN_MAX })}</p>}
    </section>
  );
}

function One({ of, onRun }: { of: Wait; onRun: (run: string) => void }): JSX.Element {
  return (
    <div className={css["wait"]}>
      <p>
        {sayWait(of.for)} {of.names?.map((name) => <code key={name}>{name} </code>)}
        {of.kind && <code>{of.kind} </code>}
        {typeof of.progress === "number" && `${Math.round(of.progress * 100)} % `}
        {of.since && (
          <span className="soft">
            {say("since", { at: "" })}
            <When at={of.since} />{" "}
          </span>
        )}
        {of.due && (
          <>
            {say("until", { at: "" })}
            <When at={of.due} />
          </>
        )}
      </p>
      <p className="soft">
        <By of={of} />
      </p>
      {of.path !== "" && (
        <button type="button" className={css["step"]} onClick={() => onRun(of.path)}>
          {say("goThere")}
        </button>
      )}
    </div>
  );
}

/** Who can release it: a person, a worker, another execution, or time alone. */
function By({ of }: { of: Wait }): ReactNode {
  switch (of.for) {
    case "signal":
      return say("bySignal");
    case "task":
      return (
        <>
          {of.claimed_by ? say("byClaimed", { who: of.claimed_by }) : (of.people ?? []).length > 0 ? say("byPeople", { who: (of.people ?? []).join(", ") }) : say("byAnybody")}{" "}
          {of.task && <Link to="/inbox/$task" params={{ task: of.task }}>{say("toTask")}</Link>}
        </>
      );
    case "incident":
      return say("byResolve");
    case "pause":
      return <>{say("byResume")} {of.reason}</>;
    case "activity":
      return <>{say("byWorker")} <Link to="/workers">{say("toWorkers")}</Link></>;
    case "child":
    case "execution":
      return <>{say("byExecution")} {of.execution && <Execution id={of.execution} />}</>;
    case "mutex":
      return <>{say("byHolder", { mutex: of.mutex ?? "" })} {of.holder && <Execution id={of.holder} />}</>;
    case "turn":
      return say(typeof of.place === "number" ? "byTurn" : "byTurnFar", { place: of.place ?? 0, limit: of.limit ?? 1, slot: of.slot ?? "" });
    case "quota":
      return say("byQuota", { place: of.place ?? 0 });
    case "dependency":
      return say("byWorkflow", { workflow: of.workflow ?? "" });
    case "breaker":
      return say("byBreaker", { breaker: of.breaker ?? "" });
    case "halt":
      return say("byDebugger", { who: of.by ?? "" });
    case "timer":
    case "start":
      return say("byTime");
    default:
      return say("byItself");
  }
} // prettier-ignore

function Execution({ id }: { id: string }): JSX.Element {
  return <Link to="/executions/$id" params={{ id }}>{id}</Link>;
} // prettier-ignore
