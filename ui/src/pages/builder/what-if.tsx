/** What the text would have made of what was recorded: asked for by a button, as it takes a moment. */

import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { api, ask, type Schemas } from "../../api/client";
import type { Syntax } from "../../edit/use-validity";
import { Button } from "../../parts/button";
import { Mark, type Look } from "../../parts/state";
import { Told } from "../../parts/told";
import css from "./what-if.module.css";
import { say, sayVerdict, sayWhy } from "./what-if-words";

type Answer = Schemas["WhatIf"];
type Verdict = Schemas["ChangedExecution"]["verdict"];

const LAST = 200;
const NOTHING = { against: null, draft: null, filter: null, since: null, version: null, workflow: null };
const NAMED_MAX = 5;
const LOOKS: Readonly<Record<Verdict, Look>> = { unchanged: "completed", path: "waiting", output: "waiting", outcome: "incident", new_calls: "incident", not_decided: "failed" };

interface WhatIfProps {
  readonly text: string;
  readonly syntax: Syntax;
  /** Whether the text could be published. */
  readonly isValid: boolean;
}

export function WhatIf({ text, syntax, isValid }: WhatIfProps): JSX.Element {
  const found = useMutation({ mutationFn: () => ask(api.POST("/v1/what-if", { body: { ...NOTHING, definition: text, syntax, last: LAST } })) });
  return (
    <section className={css["whatIf"]} aria-label={say("title")} aria-busy={found.isPending}>
      <div className={css["ask"]}>
        <Button aria-disabled={!isValid || found.isPending} onClick={() => isValid && !found.isPending && found.mutate()}>
          {say(found.isPending ? "asking" : "ask")}
        </Button>
        <span className="soft">{say("says", { n: LAST })}</span>
      </div>
      {found.error && <Told error={found.error} />}
      {found.data && <Found answer={found.data} />}
    </section>
  );
}

function Found({ answer }: { answer: Answer }): JSX.Element {
  if (answer.compared === 0) return <p className="soft">{say("none")}</p>;
  const verdicts = (Object.keys(LOOKS) as Verdict[]).filter((verdict) => (answer.verdicts[verdict] ?? 0) > 0);
  return (
    <div role="status">
      <p>{say("compared", { n: answer.compared })}</p>
      <ul className={css["verdicts"]}>
        {verdicts.map((verdict) => (
          <li key={verdict}>
            <Mark look={LOOKS[verdict]} size={14} /> <b>{sayVerdict(verdict, { n: answer.verdicts[verdict] ?? 0 })}</b>
            <Executions rows={answer.executions.filter((one) => one.verdict === verdict)} />
          </li>
        ))}
      </ul>
      <Calls answer={answer} />
    </div>
  );
}

function Executions({ rows }: { rows: Answer["executions"] }): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <ul className={css["rows"]}>
      {rows.slice(0, NAMED_MAX).map((one) => (
        <li key={one.execution_id}>
          <Link to="/executions/$id" params={{ id: one.execution_id }} target="_blank">
            {one.execution_id}
          </Link>{" "}
          <span translate="no">{told(one)}</span>
        </li>
      ))}
      {rows.length > NAMED_MAX && <li className="soft">{say("more", { n: rows.length - NAMED_MAX })}</li>}
    </ul>
  );
}

/** What would be other with one of them. */
function told(one: Answer["executions"][number]): string {
  const [call] = one.new_calls;
  if (one.after === null) return one.reason ?? "";
  if (call !== undefined) return `${call.path} · ${sayWhy(call.why)}`;
  const [before, after] = [one.before, one.after].map((end) => [end.status, end.outcome, end.error].filter((part) => part !== null).join(" "));
  const ends = before === after ? "" : `${before} → ${after}`;
  return [ends, one.first_difference === null ? "" : say("first", { path: one.first_difference })].filter((part) => part !== "").join(" · ");
}

function Calls({ answer }: { answer: Answer }): JSX.Element | null {
  if (answer.new_calls.length + answer.vanished_calls.length === 0) return null;
  return (
    <ul className={css["rows"]} aria-label={say("calls")}>
      {answer.new_calls.map(({ node, name, why, count }) => (
        <li key={`${node} ${name} ${why}`}>
          <code translate="no">{node}</code> ({name}) {sayWhy(why)}: {count}
        </li>
      ))}
      {answer.vanished_calls.map(({ node, name, count }) => (
        <li key={`${node} ${name}`}>
          <code translate="no">{node}</code> ({name}) {say("vanished")}: {count}
        </li>
      ))}
    </ul>
  );
}
