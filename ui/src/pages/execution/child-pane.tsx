/** The graph and the timeline of a child, in place of those of its parent, and as it was when that was as it is shown. */

import { Link } from "@tanstack/react-router";
import { type JSX, useMemo, useState } from "react";
import { folded } from "../../graph/fold";
import type { ShownAs } from "../../graph/pane";
import { Lens } from "../../graph/zoom";
import { Button } from "../../parts/button";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { State, type Status } from "../../parts/state";
import { Told } from "../../parts/told";
import { useTrace } from "../../trace/use";
import { useOutline, useStateAt } from "./data";
import { Graph } from "./graph";
import { chosenOut, type Shown, useShown, withChosen } from "./moment";
import css from "./page.module.css";
import { definitionPath } from "./run-path";
import { Timeline } from "./timeline";
import { say } from "./words";

interface ChildPaneProps {
  readonly id: string;
  /** When its parent is looked at, in milliseconds since 1970; undefined is now. */
  readonly until: number | undefined;
  readonly as: ShownAs;
  readonly onAs: (as: ShownAs) => void;
  readonly onClose: () => void;
}

export function ChildPane({ id, until, as, onAs, onClose }: ChildPaneProps): JSX.Element {
  const { trace, version, problem, refresh } = useTrace(id);
  const state = useStateAt(id, undefined, version);
  const { definition, outline } = useOutline(state.data);
  const at = until === undefined || trace === null ? undefined : trace.versionAt(until);
  const [iterations, iterate] = useState<ReadonlyMap<string, number>>(new Map());
  const shown = useShown(trace, version, at, true, outline, iterations);
  const [node, choose] = useState<string | null>(null);
  const [closedNow, close] = useState<readonly string[]>([]);
  const closed = useMemo(() => new Set(closedNow), [closedNow]);
  const isNarrow = useNarrow();
  const lens = useMemo(() => new Lens(), []);
  const error = trace === null ? problem : state.error;
  return (
    <section className={css["child"]} aria-label={say("child", { id })}>
      <div className={css["crumb"]}>
        <Button icon="left" onClick={onClose}>
          {say("parent")}
        </Button>
        <code>{id}</code>
        {shown !== null && <State status={(shown.moment.status ?? "created") as Status} />}
        <Link to="/executions/$id" params={{ id }} search={{ ...(shown?.isPast && { at: shown.at }), ...(node !== null && { node }), iteration: chosenOut(iterations) }}>
          {say("openChild")}
        </Link>
      </div>
      {error !== null && <Told error={error} onRetry={refresh} />}
      {at === 0 && <p className={css["note"]}>{say("notBegunAt")}</p>}
      {trace !== null && shown !== null && outline !== null && definition !== undefined && at !== 0 && (
        <Split name={isNarrow ? "execution.below.narrow" : "execution.below"} says={say("bottom")} second="below" size={isNarrow ? 84 : 190} least={60}>
          <Graph says={say("graphOf", { name: id })} hash={definition.hash} outline={outline} shown={shown} chosen={node} closed={closed} as={as} lens={lens} onAs={onAs} onChoose={choose} onFold={(path) => close(folded(closed, path) ?? [])} onIteration={(loop, number) => iterate((before) => withChosen(before, loop, number))} />
          <Timeline trace={trace} version={version} at={shown.at} isPast={shown.isPast} chosen={runOf(shown, node)} onChoose={(run) => choose(definitionPath(run))} />
        </Split>
      )}
    </section>
  ); // prettier-ignore
}

function runOf(shown: Shown, node: string | null): string | null {
  return node === null ? null : (shown.looks.boxes.get(node)?.run ?? null);
}
