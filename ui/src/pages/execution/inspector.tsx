/** What is known of what is chosen, at the moment that is looked at: a node, or the execution itself. */

import { Link } from "@tanstack/react-router";
import { type JSX, lazy, Suspense, useMemo, useRef } from "react";
import type { Json } from "../../api/exact";
import type { Known } from "../../debug/acts";
import type { BoxLook } from "../../graph/looks";
import { type Box, boxOf, type Room } from "../../graph/outline";
import { hasEnded, statusOf } from "../../graph/status";
import { Pairs } from "../../parts/pairs";
import { State } from "../../parts/state";
import { type Tab, Tabs } from "../../parts/tabs";
import { Told } from "../../parts/told";
import type { Trace } from "../../trace/trace";
import { type HistoryEvent, type State as Execution, useEvents } from "./data";
import { Recorded } from "./big";
import { ChildList } from "./child-list";
import { childrenIn } from "./children";
import { ForkOf } from "./fork-of";
import css from "./inspector.module.css";
import { Iterations } from "./iterations";
import type { Shown } from "./moment";
import { type ExecutionSearch, TABS, type TabId } from "./route";
import { Steps } from "./steps";
import { Variables } from "./variables";
import { Waits } from "./waits";
import { say } from "./words";

const Incidents = lazy(async () => ({ default: (await import("./incidents")).Incidents }));
const EventList = lazy(async () => ({ default: (await import("./event-list")).EventList }));
const Debug = lazy(async () => ({ default: (await import("../../debug/panel")).Panel }));
const Why = lazy(async () => ({ default: (await import("./why-tab")).Why }));

export interface InspectorProps {
  readonly id: string;
  readonly trace: Trace;
  readonly version: number;
  readonly shown: Shown;
  readonly state: Execution | undefined;
  readonly outline: Room | null;
  readonly chosen: string | null;
  readonly tab: TabId;
  readonly onTab: (tab: TabId) => void;
  readonly onChoose: (path: string | null) => void;
  /** By the path of a run: its iterations are chosen, too. */
  readonly onRun: (run: string) => void;
  readonly onGo: (at: number) => void;
  readonly onIteration: (loop: string, number: number | null) => void;
  readonly search: ExecutionSearch;
  readonly onShow: (changed: ExecutionSearch) => void;
  /** Show the graph and timeline of a child in place. */
  readonly onChild: (id: string) => void;
  readonly known: Known;
  /** Whether whoever debugs it has stopped what is chosen. */
  readonly isHalted: boolean;
  /** Something was done: ask again. */
  readonly onDone: () => void;
}

export function Inspector(props: InspectorProps): JSX.Element {
  const { trace, shown, outline, chosen, tab, onTab } = props;
  const box = outline === null || chosen === null ? undefined : boxOf(outline, chosen)?.box;
  const look = chosen === null ? undefined : shown.looks.boxes.get(chosen);
  const tabs: Tab<TabId>[] = TABS.map((id) => ({ id, says: say(id) }));
  return (
    <aside className={css["inspector"]} aria-label={say("inspector")}>
      <Title box={box} look={look} isHalted={props.isHalted} onWhole={() => props.onChoose(null)} />
      {box !== undefined && look !== undefined && box.rooms.some(({ label }) => label === "[]") && (
        <Iterations trace={trace} shown={shown} box={box} look={look} onIteration={props.onIteration} />
      )}
      {!shown.isPast && trace.types.includes("IncidentRaised") && (
        <Suspense>
          <Incidents id={props.id} version={props.version} run={box === undefined ? null : (look?.run ?? box.path)} onDone={props.onDone} />
        </Suspense>
      )}
      <Tabs says={say("inspector")} tabs={tabs} shown={tab} onShow={onTab}>
        <div className={css["panel"]}>
          <Suspense>
            <Shown_ {...props} box={box} look={look} />
          </Suspense>
          {tab === "output" && look !== undefined && <Steps id={props.id} trace={trace} place={look.place} at={shown.at} isResting={shown.isResting} />}
          {tab === "output" && <Children id={props.id} shown={shown} place={box === undefined ? 0 : look?.place} onChild={props.onChild} />}
        </div>
      </Tabs>
    </aside>
  );
}

function Title({ box, look, isHalted, onWhole }: { box: Box | undefined; look: BoxLook | undefined; isHalted: boolean; onWhole: () => void }): JSX.Element {
  if (box === undefined) return <h2 className={css["title"]}>{say("whole")}</h2>;
  return (
    <div className={css["title"]}>
      <h2>{box.says}</h2>
      <code className="soft">{look?.run ?? box.path}</code>
      {look && (isHalted ? <State status="paused" says={say("halts")} /> : <State status={statusOf(box.kind, look.state)} />)}
      {look !== undefined && look.attempt > 1 && <span className="soft">{say("attempts", { n: look.attempt })}</span>}
      <button type="button" className={css["whole"]} onClick={onWhole}>
        {say("whole")}
      </button>
    </div>
  );
}

/** What was started as children, where something was. */
function Children({ id, shown, place, onChild }: { id: string; shown: Shown; place: number | undefined; onChild: (id: string) => void }): JSX.Element | null {
  const { moment, at, isResting } = shown;
  const found = useMemo(() => (place === undefined || !isResting ? null : childrenIn(id, moment, place)), [id, moment, at, isResting, place]);
  const last = useRef(found);
  last.current = found ?? last.current; // while one drags, those before
  return last.current === null || last.current.length === 0 ? null : <ChildList of={last.current} onChild={onChild} />;
}

type OneProps = InspectorProps & { readonly box: Box | undefined; readonly look: BoxLook | undefined };

function Shown_(props: OneProps): JSX.Element {
  const { id, trace, version, shown, state, tab, box, look } = props;
  if (tab === "variables") return <Variables id={id} at={state?.at ?? shown.at} state={state} />;
  if (tab === "events") return <EventList id={id} trace={trace} version={version} at={shown.at} isResting={shown.isResting} place={box === undefined ? null : (look?.place ?? -1)} search={props.search} onShow={props.onShow} onGo={props.onGo} />;
  if (tab === "debug") return <Debug id={id} version={version} hasEnded={hasEnded(trace.statusNow ?? "")} chosen={props.chosen} known={props.known} onRun={props.onRun} />;
  if (tab === "why") return <Why {...props} />;
  if (box === undefined) return <OfExecution id={id} tab={tab} state={state} onRun={props.onRun} />;
  if (look === undefined) return <p className="soft">{say(shown.isPast ? "notBegunAt" : "notBegun")}</p>;
  return <OfRun id={id} trace={trace} shown={shown} place={look.place} tab={tab} from={state?.forked_from ?? null} />;
}

function OfExecution({ id, tab, state, onRun }: { id: string; tab: TabId; state: Execution | undefined; onRun: (run: string) => void }): JSX.Element {
  if (state === undefined) return <p className="soft">{say("loading")}</p>;
  if (tab === "input") return <Recorded id={id} says={say("input")} value={state.input as Json} linesMax={24} />;
  return (
    <>
      {state.error && <Failure id={id} of={state.error as unknown as Json} onRun={onRun} />}
      {state.waiting_for.length > 0 && <Waits of={state.waiting_for} onRun={onRun} />}
      {state.output === null || state.output === undefined ? !state.error && <p className="soft">{say(hasEnded(state.status) ? "gaveNothing" : "noOutput")}</p> : <Recorded id={id} says={say("output")} value={state.output as Json} linesMax={24} />}
      <Pairs
        of={[
          [say("id"), <code key="id">{id}</code>],
          [say("lineage"), state.forked_from && <ForkOf key="f" of={state.forked_from} />],
          [say("parent"), state.parent && <Link to="/executions/$id" params={{ id: state.parent }}>{state.parent}</Link>],
          [say("correlation"), state.correlation_id && <code key="c">{state.correlation_id}</code>],
        ]}
      />
    </>
  );
}

/** Input and output of a run, from the events that say them; of one that a fork took up they stand in its source. */
function OfRun({ id, trace, shown: { at, isPast, isResting }, place, tab, from }: { id: string; trace: Trace; shown: Shown; place: number; tab: TabId; from: Execution["forked_from"] }): JSX.Element {
  const { started, ended } = versionsOf(trace, place, at);
  const wanted = tab === "input" ? started : (ended ?? started);
  const found = useEvents(id, wanted === undefined ? [] : [wanted], isResting);
  if (found.error) return <Told error={found.error} onRetry={() => void found.refetch()} />;
  if (wanted === undefined && from !== null) return <p className="soft">{say("begunBefore")} <ForkOf of={from} run={trace.path(place)} /></p>;
  if (found.data === undefined) return <p className="soft">{say("loading")}</p>;
  const event = found.data[0];
  if (tab === "input") return <Said id={id} event={event} field="config" says={say("input")} none={say("noInput")} />;
  const failure = (event?.data as Record<string, Json> | undefined)?.["failure"];
  if (failure !== undefined && failure !== null) return <Failure id={id} of={failure} />;
  return <Said id={id} event={ended === undefined ? undefined : event} field="output" says={say("output")} none={say(ended !== undefined ? "gaveNothing" : isPast ? "noOutputAt" : "noOutput")} />;
}

function Said({ id, event, field, says, none }: { id: string; event: HistoryEvent | undefined; field: string; says: string; none: string }): JSX.Element {
  const data = event?.data as Record<string, Json> | undefined;
  const value = data?.[field] ?? (field === "config" ? data?.["input"] : data?.["passes"]);
  return value === undefined ? <p className="soft">{none}</p> : <Recorded id={id} says={says} value={value} linesMax={30} />;
}

function Failure({ id, of, onRun }: { id: string; of: Json; onRun?: (run: string) => void }): JSX.Element {
  const { type, message, node, details } = of as Record<string, Json>;
  return (
    <section className={css["failure"]}>
      <h3 className={css["heading"]}>{say("failure")}</h3>
      <p>
        <code>{String(type ?? "")}</code> {String(message ?? "")}
      </p>
      {typeof node === "string" && node !== "" && <At run={node} onRun={onRun} />}
      {details !== undefined && details !== null && <Recorded id={id} says={say("failure")} value={details} linesMax={12} />}
    </section>
  );
}

function At({ run, onRun }: { run: string; onRun: ((run: string) => void) | undefined }): JSX.Element {
  if (onRun === undefined) return <code className="soft">{run}</code>;
  return (
    <p>
      {say("failedAt")}{" "}
      <button type="button" className={css["step"]} onClick={() => onRun(run)}>
        <code>{run}</code>
      </button>
    </p>
  );
}

/** The last event until then with which the run began, and the one with which it ended after that. */
function versionsOf(trace: Trace, place: number, at: number): { started: number | undefined; ended: number | undefined } {
  let ended: number | undefined;
  for (let version = trace.lastEvent(place); version > 0; version = trace.eventBefore.at(version - 1)) {
    if (version > at) continue;
    const type = trace.types[trace.eventTypes.at(version - 1)] ?? "";
    if (type === "NodeScheduled" || type === "NodeStarted") return { started: version, ended };
    if (ENDS.test(type)) ended ??= version;
  }
  return { started: undefined, ended };
}

const ENDS = /^Node(Completed|Failed|Cancelled|Skipped)$|^IncidentRaised$/;
