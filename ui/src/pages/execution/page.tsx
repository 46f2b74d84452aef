/** One execution: its graph, what is chosen in it, its timeline and the reel; live, or as it was after any of its events. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, lazy, memo, Suspense, useMemo, useRef, useState } from "react";
import { Problem } from "../../api/problem";
import { Head } from "../../frame/head";
import { folded } from "../../graph/fold";
import type { Known } from "../../debug/acts";
import { boxesIn, type Room } from "../../graph/outline";
import type { ShownAs } from "../../graph/pane";
import { hasEnded } from "../../graph/status";
import type { Sign } from "../../graph/view";
import { Lens } from "../../graph/zoom";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { seenStatus, State } from "../../parts/state";
import { duration } from "../../parts/time";
import { TestMark } from "../../parts/test-mark";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { useSettled } from "../../trace/settled";
import { type Followed, useTrace } from "../../trace/use";
import { Actions, useAgain } from "./actions";
import { useAt, useOpening } from "./at";
import { useBreakKey } from "./break-key";
import { ASKED_MS, type State as Execution, useOutline, useStateAt } from "./data";
import { ForkOf } from "./fork-of";
import { Graph } from "./graph";
import { InspectorAt } from "./inspector-at";
import { useGraphKeys, useMarkKeys, usePageKeys } from "./keys";
import { chosenIn, chosenOut, namedAt, type Shown, useShown, withChosen } from "./moment";
import { sayWait } from "../../words/en";
import css from "./page.module.css";
import { Reel } from "./reel";
import { execution, type ExecutionSearch, WHOLE } from "./route";
import { definitionPath, iterationsOf, opensAt } from "./run-path";
import { Timeline } from "./timeline";
import { say } from "./words";

const DebugRoom = lazy(async () => ({ default: (await import("../../debug/room")).Room }));
const ChildPane = lazy(async () => ({ default: (await import("./child-pane")).ChildPane }));

const NO_SIGNS: ReadonlyMap<string, Sign> = new Map();
/** So many events are there at once, the rest of a longer history as it comes. */
const FIRST = 10_000;

export function ExecutionPage(): JSX.Element {
  const { id } = execution.useParams();
  const followed = useTrace(id, FIRST);
  if (followed.problem !== null && followed.trace === null) return <NotThere id={id} problem={followed.problem} onRetry={followed.refresh} />;
  return <Known key={id} id={id} followed={followed} />;
}

function NotThere({ id, problem, onRetry }: { id: string; problem: Error; onRetry: () => void }): JSX.Element {
  const isUnknown = problem instanceof Problem && problem.status === 404;
  return (
    <>
      <Head title={say("title")} says={<code>{id}</code>} />
      {isUnknown ? <Empty title={say("notFound", { id })} says={problem.message} /> : <Told error={problem} onRetry={onRetry} />}
    </>
  );
}

function Known({ id, followed }: { id: string; followed: Followed }): JSX.Element {
  const search = execution.useSearch();
  const navigate = useNavigate({ from: execution.fullPath });
  const toCompare = useNavigate();
  const { trace, version, last } = followed;
  const isWhole = version >= last;
  const show = (changed: ExecutionSearch, replace = false) => void navigate({ search: (before) => ({ ...before, ...changed }), replace });
  const { at, isResting, go } = useAt(search.at, version, show);
  const rested = search.at === undefined || search.at >= version ? undefined : Math.max(1, search.at);
  const settled = useSettled(version, ASKED_MS);
  const state = useStateAt(id, rested, settled);
  const { definition, outline } = useOutline(state.data);
  const chosen = useMemo(() => chosenIn(search.iteration), [search.iteration]);
  const shown = useShown(trace, version, at, isResting, outline, chosen);
  const closed = useMemo(() => new Set(search.closed), [search.closed]);
  const again = useAgain(id);
  const lens = useMemo(() => new Lens(), []);
  const as = search.as ?? "graph";
  const showAs = (to: ShownAs) => show({ as: to === "graph" ? undefined : to }, true);
  const mark = (to: number | undefined) => show({ mark: to }, true);
  const compare = (other: number | undefined) => void toCompare({ to: "/compare", search: { left: namedAt(id, other), right: namedAt(id, shown?.isPast ? shown.at : undefined) } });
  usePageKeys(trace, shown, go);
  useMarkKeys(shown, search.mark, mark, compare);
  useGraphKeys(lens, () => showAs(as === "graph" ? "outline" : "graph"));
  const node = search.node === undefined || search.node === WHOLE ? null : search.node;
  const choose = (path: string | null) => show({ node: path ?? (opensAt(state.data) === null ? undefined : WHOLE) });
  const chooseRun = (run: string) => show({ node: definitionPath(run), iteration: chosenOut(new Map([...chosen, ...iterationsOf(run)])) });
  useOpening(search, state.data, (run) => show({ node: definitionPath(run), iteration: chosenOut(new Map(iterationsOf(run))) }, true));
  const choice = (loop: string, number: number | null) => show({ iteration: chosenOut(withChosen(chosen, loop, number)) });
  const fold = (path: string) => show({ closed: folded(closed, path) });
  const workflow = state.data?.workflow ?? id;
  const isNarrow = useNarrow();
  const [signs, sign] = useState(NO_SIGNS);
  const known = useSteadyKnown(shown, outline, state.data);
  const isOpen = trace !== null && isWhole && !hasEnded(trace.statusNow ?? "");
  const isDebugged = trace?.types.some((type) => DEBUGGED.has(type)) ?? false;
  useBreakKey(id, isOpen && !isDebugged ? node : null);
  return (
    <div className={css["page"]} data-past={shown?.isPast}>
      <Head title={workflow} says={<Says id={id} state={state.data} then={isWhole || shown?.isPast ? (shown?.moment.status ?? null) : null} isPast={shown?.isPast ?? false} reading={isWhole ? null : say("reading", { n: version, all: last })} />}>
        {shown?.isPast && <Past shown={shown} onLive={() => go(undefined, true)} />}
        {state.data && <Actions id={id} state={state.data} at={rested} hasFailed={trace?.statusNow === "failed"} onDone={again} />}
      </Head>
      {shown?.isPast && <div className={css["amber"]} />}
      {isOpen && isDebugged && shown !== null && (
        <Suspense>
          <DebugRoom id={id} version={version} chosen={node} past={shown.isPast ? shown.at : null} known={known} onSigns={sign} onRun={chooseRun} onMore={() => show({ tab: "debug" }, true)} />
        </Suspense>
      )}
      {trace === null || shown === null ? null : (
        <>
          <Split name="execution.right" says={say("inspector")} second="right" size={380} least={260}>
            {search.child !== undefined ? <Suspense><ChildPane key={search.child} id={search.child} until={shown.isPast ? trace.times.at(shown.at - 1) : undefined} as={as} onAs={showAs} onClose={() => show({ child: undefined })} /></Suspense> : (
            <Split name={isNarrow ? "execution.below.narrow" : "execution.below"} says={say("bottom")} second="below" size={isNarrow ? 84 : 190} least={60}>
              <Guard of="graph">
                {outline === null || definition === undefined ? <Waiting problem={state.error} /> : (
                  <Graph says={say("graphOf", { name: workflow })} hash={definition.hash} outline={outline} shown={shown} chosen={node} closed={closed} as={as} lens={lens} signs={signs} onAs={showAs} onChoose={choose} onFold={fold} onIteration={choice} />
                )}
              </Guard>
              <Guard of="timeline">
                <Timeline trace={trace} version={version} at={shown.at} isPast={shown.isPast} chosen={node === null ? null : (shown.looks.boxes.get(node)?.run ?? null)} onChoose={chooseRun} />
              </Guard>
            </Split>
            )}
            <Guard of={`inspector ${node} ${search.tab}`}>
              <InspectorAt
                id={id} trace={trace} version={version} shown={shown} state={state.data} outline={outline} chosen={node} tab={search.tab ?? "output"}
                onTab={(tab) => show({ tab: tab === "output" ? undefined : tab }, true)} onChoose={choose} onRun={chooseRun} onGo={(to) => go(to, true)} onIteration={choice} onDone={again} known={known} isHalted={node !== null && signs.get(node) === "halt"}
                search={search} onShow={(changed) => show(changed, true)} onChild={(child) => show({ child })}
              />
            </Guard>
          </Split>
          <Reel trace={trace} version={version} at={shown.at} isPast={shown.isPast} isResting={isResting} by={search.reel ?? "event"} onBy={(by) => show({ reel: by === "event" ? undefined : by }, true)} mark={search.mark} onMark={mark} onCompare={compare} onGo={go} />
        </>
      )}
    </div>
  ); // prettier-ignore
}

/** The events of which some are there where an execution is debugged. */
const DEBUGGED: ReadonlySet<string> = new Set(["BreakpointsChanged", "NodeHalted"]);

/** What debugging asks of the page, when it does; always the same object, as what is drawn by it need not be drawn anew. */
function useSteadyKnown(shown: Shown | null, outline: Room | null, state: Execution | undefined): Known {
  const now = useRef({ shown, outline, state });
  now.current = { shown, outline, state };
  return useMemo(
    () => ({
      nodes: () => (now.current.outline === null ? [] : [...boxesIn(now.current.outline)].map(({ path }) => path)),
      ended: () => [...(now.current.shown?.looks.boxes.values() ?? [])].filter((look) => look.state === "completed").map(({ run }) => run),
      variables: () => Object.keys(now.current.state?.variables ?? {}),
    }),
    [],
  );
}

interface SaysProps {
  readonly id: string;
  readonly state: Execution | undefined;
  /** Its status at the moment that is shown, where one is. */
  readonly then: string | null;
  readonly isPast: boolean;
  /** While a long history is being read: how far it is there. */
  readonly reading: string | null;
}

/** Drawn again only where it says something else: while one drags, hardly ever. */
const Says = memo(function Says({ id, state, then: known, isPast, reading }: SaysProps): JSX.Element {
  const then = (known ?? state?.status ?? "running") as Execution["status"];
  const waits = state?.waiting_for ?? [];
  const status = isPast ? then : seenStatus(then, waits);
  return (
    <>
      <code>{id}</code>
      <State pill status={status} {...(status === "waiting" && { says: say("waitsFor", { what: [...new Set(waits.map((one) => sayWait(one.for)))].join(", ") }) })} />
      {reading !== null && <span role="status">{reading}</span>}
      {Boolean(state?.test) && <TestMark />}
      {state && <span className={css["wide"]}>{state.version === 0 ? say("notPublished") : say("version", { n: state.version })}</span>}
      {state?.created_at && (
        <span className={css["wide"]}>
          {say("started", { at: "" })}
          <When at={state.created_at} />
        </span>
      )}
      {state?.forked_from && <span className={css["wide"]}><ForkOf of={state.forked_from} /></span>}
    </>
  );
});

function Past({ shown, onLive }: { shown: Shown; onLive: () => void }): JSX.Element {
  const ago = duration(Math.max(0, Date.now() - shown.moment.trace.event(shown.at).time));
  return (
    <button type="button" className={css["past"]} onClick={onLive} title={say("goLive")}>
      {say("asOf", { at: shown.at })} <span className={css["wide"]}>· {say("ago", { time: ago })}</span> <kbd>L</kbd> {say("live")}
    </button>
  );
}

function Waiting({ problem }: { problem: Error | null }): JSX.Element {
  return problem === null ? <div className={css["blank"]} /> : <Told error={problem} />;
}
