/** All that is known of an execution that is debugged: where it halts and what is seen there, its breakpoints, and how halts ended. */

import { type JSX, useState } from "react";
import type { Json } from "../api/exact";
import { Button, IconButton } from "../parts/button";
import { Confirm } from "../parts/confirm";
import { Told } from "../parts/told";
import { duration } from "../parts/time";
import { toast } from "../parts/toast";
import { Value } from "../parts/value";
import { When } from "../parts/when";
import { Acts, type Known } from "./acts";
import { BreakpointFields } from "./breakpoint-fields";
import css from "./debug.module.css";
import { type Debugger, type Halt, useActs, useDebugger } from "./data";
import { draftAt, missing, requestOf } from "./draft";
import { Says } from "./says";
import { Where } from "./where";
import { say } from "./words";

export interface PanelProps {
  readonly id: string;
  readonly version: number;
  readonly hasEnded: boolean;
  readonly chosen: string | null;
  readonly known: Known;
  readonly onRun: (run: string) => void;
}

/** So many halts are shown with all that is seen at them. */
const SHOWN_MAX = 20;
const HOUR_MS = 3_600_000;

export function Panel(props: PanelProps): JSX.Element {
  const asked = useDebugger(props.id, props.version);
  const found = asked.data;
  if (found === undefined) return asked.error === null ? <p className="soft">{say("loading")}</p> : <Told error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <div className={css["panel"]}>
      {props.hasEnded ? <p className="soft">{say("hasEnded")}</p> : !found.may_change && <p className={css["off"]}>{say("off")}</p>}
      {found.halts.slice(0, SHOWN_MAX).map((halt) => (
        <OneHalt key={halt.path} {...props} halt={halt} found={found} />
      ))}
      {!props.hasEnded && found.halts.length === 0 && <p className="soft">{say("nothingHalts")}</p>}
      {!props.hasEnded && <Breakpoints {...props} found={found} />}
      {found.ended.length > 0 && <Ended found={found} />}
    </div>
  );
}

function OneHalt({ id, halt, found, known, onRun }: PanelProps & { halt: Halt; found: Debugger }): JSX.Element {
  const isEmpty = Object.keys(halt.variables).length === 0;
  return (
    <section className={css["halt"]} aria-label={say("halts", { node: halt.path })}>
      <Where halt={halt} onRun={onRun} />
      <p className="soft">
        {say(halt.halts === "all" ? "haltsAll" : "haltsBranch")}
        {halt.attempt > 1 && ` · ${say("attempt", { n: halt.attempt })}`}
      </p>
      {halt.detail !== null && <p className={css["error"]}>{say("unasked", { why: halt.detail })}</p>}
      {halt.error !== null && (
        <p className={css["error"]}>
          {say("failedBy")} <code>{halt.error.type}</code> {halt.error.message}
        </p>
      )}
      <Acts id={id} halt={halt} mayChange={found.may_change} count={found.halts.length} known={known} />
      <h3>{say("seesData")}</h3>
      <Value says={say("seesData")} value={(halt.data ?? null) as Json} linesMax={12} />
      {!isEmpty && (
        <>
          <h3>{say("seesVariables")}</h3>
          <Value says={say("seesVariables")} value={halt.variables as Json} linesMax={12} />
        </>
      )}
    </section>
  );
}

function Breakpoints({ id, found, chosen, known }: PanelProps & { found: Debugger }): JSX.Element {
  const acts = useActs(id);
  const [isAsked, ask] = useState(false);
  const clear = (name: string) => void acts.clear(name).catch((error: Error) => toast({ says: error.message }));
  return (
    <section>
      <h3>{say("breakpoints")}</h3>
      {found.breakpoints.length === 0 && <p className="soft">{say("breakpointsNone")}</p>}
      <ul className={css["list"]}>
        {found.breakpoints.map((one) => (
          <li key={one.name}>
            <Says on={one.on} target={one.variable ?? one.node ?? "*"} condition={one.if} halts={one.halts} timeout={one.timeout_ms === HOUR_MS ? null : duration(one.timeout_ms)} isOnce={one.once} />
            {one.by !== null && <span className="soft">{one.by}</span>}
            <IconButton icon="close" says={say("clearOf", { name: one.name })} onClick={() => clear(one.name)} />
          </li>
        ))}
      </ul>
      {found.may_change && <Button icon="plus" onClick={() => ask(true)}>{say("setDots")}</Button>}
      {isAsked && <SetDialog id={id} chosen={chosen} known={known} onClose={() => ask(false)} />}
    </section>
  );
} // prettier-ignore

function SetDialog({ id, chosen, known, onClose }: Pick<PanelProps, "id" | "chosen" | "known"> & { onClose: () => void }): JSX.Element {
  const acts = useActs(id);
  const [{ nodes, variables }] = useState(() => ({ nodes: known.nodes(), variables: known.variables() }));
  const [draft, setDraft] = useState(() => draftAt(chosen ?? ""));
  const lacks = missing(draft);
  return (
    <Confirm title={say("setTitle")} does={say("set")} not={lacks === null ? undefined : say(lacks)} onDo={() => acts.set(requestOf(draft))} onClose={onClose}>
      <p className="soft">{say("setSays")}</p>
      <BreakpointFields draft={draft} onDraft={setDraft} nodes={nodes} variables={variables} isTried={false} />
    </Confirm>
  );
}

function Ended({ found }: { found: Debugger }): JSX.Element {
  return (
    <section>
      <h3>{say("ended")}</h3>
      <ul className={css["list"]}>
        {found.ended.map((one) => (
          <li key={one.at}>
            <code>{one.path}</code>
            <span>{one.by === null ? sayHow(one.how) : say("endedAs", { how: sayHow(one.how), who: one.by })}</span>
            <span className="soft">
              <When at={one.ended_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const HOWS = ["continue", "over", "into", "out", "to", "complete", "fail", "retry", "timeout", "gone"] as const;

function sayHow(how: string): string {
  const known = HOWS.find((one) => one === how);
  return known === undefined ? how : say(`how_${known}`);
}
