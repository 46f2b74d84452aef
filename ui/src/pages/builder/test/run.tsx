/** A test run as it goes: on the graph above, and as a list of what has run; and how it goes on. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type JSX, useEffect, useMemo, useState } from "react";
import { api, ask, type Schemas } from "../../../api/client";
import { type Json, write } from "../../../api/exact";
import { Looking } from "../../../graph/looks";
import type { Box, Room } from "../../../graph/outline";
import { hasEnded, statusOf } from "../../../graph/status";
import type { View } from "../../../graph/view";
import { apart } from "../../../parts/apart";
import { Button } from "../../../parts/button";
import { seenStatus, State } from "../../../parts/state";
import { Told } from "../../../parts/told";
import { Value } from "../../../parts/value";
import { Moment } from "../../../trace/moment";
import { useSettled } from "../../../trace/settled";
import { useTrace } from "../../../trace/use";
import css from "./panel.module.css";
import { canBePinned, pinPath, type Plan } from "./plan";
import { say } from "./words";

const ASKED_MS = 300;
/** What a node waits for that the run stands before. */
const RESUMPTION = "resumption";
/** So many of the last are listed; the page of the execution has them all. */
const LISTED_MAX = 200;

interface RunProps {
  readonly id: string;
  /** The graph that is drawn above. */
  readonly outline: Room | null;
  readonly view: View;
  readonly chosen: Box | undefined;
  /** Whether the text is another one than that which runs. */
  readonly isChanged: boolean;
  readonly pins: Plan["pins"];
  readonly onChoose: (path: string) => void;
  readonly onPin: (path: string) => void;
}

export function Run({ id, outline, view, chosen, isChanged, pins, onChoose, onPin }: RunProps): JSX.Element {
  const { trace, version, problem, refresh } = useTrace(id);
  const settled = useSettled(version, ASKED_MS);
  const looking = useMemo(() => (trace === null || outline === null ? null : new Looking(outline, new Moment(trace), new Map())), [trace, outline]);
  useEffect(() => {
    looking?.go(version);
    view.show(looking, false);
  }, [view, looking, version]);
  useEffect(() => () => view.show(null, false), [view]);
  const now = useNow(id, settled);
  if (problem !== null && trace === null) return <Told error={problem} onRetry={refresh} />;
  const state = now.data?.state;
  return (
    <section className={css["run"]} aria-label={say("theRun", { id })}>
      {state !== undefined && <Steer key={state.at} state={state} onDone={refresh} />}
      {isChanged && <p className="soft">{say("changed")}</p>}
      {now.error !== null && <Told error={now.error} onRetry={() => void now.refetch()} />}
      <Nodes nodes={now.data?.nodes ?? []} chosen={chosen === undefined ? null : pinPath(chosen.path)} {...{ id, pins, onChoose, onPin }} />
    </section>
  );
}

type Execution = Schemas["State"];

const RecordDialog = apart(async () => (await import("../../../record/record-dialog")).RecordDialog);

/** Where it stands, what can be done, and where all of it is told. A new one for each state: what was done once is not done again. */
function Steer({ state, onDone }: { state: Execution; onDone: () => void }): JSX.Element {
  const [isAtWork, setAtWork] = useState(false);
  const [isRecording, record] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const id = state.execution_id;
  const params = { path: { execution: id } };
  const stands = state.waiting_for.filter((one) => (one.for as string) === RESUMPTION).map(({ path }) => path);
  const does = (what: () => Promise<unknown>) => async () => {
    if (isAtWork) return;
    setAtWork(true);
    setError(null);
    try {
      await what();
      onDone();
    } catch (refused) {
      setError(refused as Error);
      setAtWork(false);
    }
  };
  return (
    <>
      <div className={css["steer"]}>
        <span role="status">
          <State pill status={seenStatus(state.status, state.waiting_for)} />{" "}
          {stands.length > 0 && say("standsBefore", { paths: stands.join(", ") })}
          {hasEnded(state.status) && (state.outcome ? say("ended", { outcome: state.outcome }) : say("endedPlain"))}
        </span>
        {state.status === "paused" && (
          <>
            <Button aria-disabled={isAtWork} onClick={does(() => ask(api.POST("/v1/executions/{execution}/resume", { params })))}>{say("continue")}</Button>
            <Button aria-disabled={isAtWork} onClick={does(() => ask(api.POST("/v1/executions/{execution}/step", { params, body: { at: state.at } })))}>{say("step")}</Button>
          </>
        )}
        {!hasEnded(state.status) && <Button aria-disabled={isAtWork} onClick={does(() => ask(api.POST("/v1/executions/{execution}/cancel", { params, body: { reason: "" } })))}>{say("cancel")}</Button>}
        {hasEnded(state.status) && <Button onClick={() => record(true)}>{say("record")}</Button>}
        <Link to="/executions/$id" params={{ id }}>{say("open", { id })}</Link>
      </div>
      {isRecording && <RecordDialog id={id} onClose={() => record(false)} />}
      {state.error !== null && <p className={css["wrong"]} translate="no">{state.error.node && <code>{state.error.node}</code>} {state.error.type}: {state.error.message}</p>}
      {error && <Told error={error} />}
    </>
  ); // prettier-ignore
}

type Ran = Schemas["Nodes"]["nodes"][number];

interface NodesProps {
  readonly id: string;
  readonly nodes: readonly Ran[];
  readonly chosen: string | null;
  readonly pins: Plan["pins"];
  readonly onChoose: (path: string) => void;
  readonly onPin: (path: string) => void;
}

function Nodes({ id, nodes, chosen, pins, onChoose, onPin }: NodesProps): JSX.Element {
  const shown = nodes.slice(-LISTED_MAX);
  return (
    <>
      <ul className={css["rows"]} aria-label={say("nodes")}>
        {shown.map((one) => {
          const path = pinPath(one.path);
          const isPinned = pins[path]?.as === "from" && pins[path]?.execution === id;
          const said = one.error ? `${one.error.type}: ${one.error.message}` : one.output === null ? "" : write(one.output as Json);
          return (
            <li key={`${one.path} ${one.attempt}`} data-chosen={path === chosen}>
              <button type="button" className={css["name"]} onClick={() => onChoose(path)}>
                <State status={statusOf(one.type, one.status)} /> <code translate="no">{one.path}</code>
              </button>
              <code className={css["what"]} translate="no" title={said}>
                {said}
              </code>
              {isPinned ? <span className="soft">{say("pinned")}</span> : (hasEnded(one.status) && canBePinned(one.type) && <Button aria-label={say("pinPath", { path: one.path })} onClick={() => onPin(path)}>{say("pinThis")}</Button>)}
              {path === chosen && one.output !== null && <div className={css["value"]}><Value says={say("value", { path: one.path })} value={one.output as Json} linesMax={8} /></div>}
            </li>
          );
        })}
      </ul>
      {nodes.length > LISTED_MAX && <p className="soft">{say("earlier", { n: nodes.length - LISTED_MAX })}</p>}
    </>
  ); // prettier-ignore
}

/** Its state and its nodes, as they are after an event. */
function useNow(id: string, version: number) {
  return useQuery({
    queryKey: ["test run", id, version],
    enabled: version > 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const params = { path: { execution: id } };
      const [state, { nodes }] = await Promise.all([ask(api.GET("/v1/executions/{execution}/state", { params, signal })), ask(api.GET("/v1/executions/{execution}/nodes", { params: { ...params, query: { whole: false } }, signal }))]);
      return { state, nodes };
    },
  });
}
