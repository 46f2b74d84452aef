/** Two executions beside each other, or two moments of one: both graphs, where they part, and what is other. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useMemo } from "react";
import { Head } from "../../frame/head";
import { Together } from "../../graph/together";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { Tabs } from "../../parts/tabs";
import { Told } from "../../parts/told";
import { differences, firstOther } from "../../trace/differences";
import { Choose } from "./choose";
import { useMoment, useNodeValues, useSide } from "./data";
import css from "./page.module.css";
import { compare, type CompareSearch, TABS } from "./route";
import { SideGraph } from "./side-graph";
import { namedIn } from "./sides";
import { Values } from "./values";
import { Ways } from "./ways";
import { say } from "./words";

export function ComparePage(): JSX.Element {
  const search = compare.useSearch();
  const navigate = useNavigate({ from: compare.fullPath });
  const show = (changed: CompareSearch) => void navigate({ search: (before) => ({ ...before, ...changed }) });
  const { left, right } = search;
  return (
    <>
      <Head title={say("title")} />
      <Choose key={`${left} ${right}`} left={left ?? ""} right={right ?? ""} onShow={show} />
      {left === undefined || right === undefined ? <Empty title={say("emptyTitle")} says={say("emptySays")} /> : <Both key={`${namedIn(left).id} ${namedIn(right).id}`} left={left} right={right} search={search} onShow={show} />}
    </>
  );
}

interface BothProps {
  readonly left: string;
  readonly right: string;
  readonly search: CompareSearch;
  readonly onShow: (changed: CompareSearch) => void;
}

function Both({ left: leftName, right: rightName, search, onShow }: BothProps): JSX.Element | null {
  const left = useSide(namedIn(leftName));
  const right = useSide(namedIn(rightName));
  const leftMoment = useMoment(left);
  const rightMoment = useMoment(right);
  const leftValues = useNodeValues(left);
  const rightValues = useNodeValues(right);
  const isNarrow = useNarrow();
  const together = useMemo(() => new Together(), []);
  const found = useMemo(() => {
    if (leftMoment === null || rightMoment === null) return null;
    const isOther = (path: string) => leftValues !== null && rightValues !== null && leftValues.get(path)?.output !== rightValues.get(path)?.output;
    return { runs: differences(leftMoment, rightMoment, left.id === right.id ? undefined : isOther), event: firstOther(leftMoment, rightMoment) };
  }, [leftMoment, rightMoment, leftValues, rightValues, left.id, right.id]);
  const other = useMemo(() => new Set(found?.runs.map(({ node }) => node)), [found]);
  const problem = [left, right].find((side) => side.problem !== null && side.trace === null)?.problem;
  if (problem) {
    return (
      <div className={css["problem"]}>
        <Told error={problem} />
      </div>
    );
  }
  if (found === null || leftMoment === null || rightMoment === null) return null;
  const node = search.run?.replaceAll(/\[\d+\]/g, "[]").replaceAll(/#\d+/g, "") ?? null;
  const tab = search.tab ?? "ways";
  const graph = (side: typeof left, moment: typeof leftMoment, name: string) => (
    <Guard of={`${side.id} ${side.at}`}>
      <SideGraph side={side} moment={moment} says={say("graph", { side: name, name: side.id })} other={other} together={together} chosen={node} onChoose={(path) => onShow({ run: path ?? undefined })} />
    </Guard>
  );
  return (
    <Split name={isNarrow ? "compare.below.narrow" : "compare.below"} says={say("panel")} second="below" size={isNarrow ? 160 : 300} least={120}>
      <Split name={isNarrow ? "compare.right.narrow" : "compare.right"} says={say("right")} second="right" size={isNarrow ? 170 : 660} least={120}>
        {graph(left, leftMoment, say("left"))}
        {graph(right, rightMoment, say("right"))}
      </Split>
      <Tabs says={say("panel")} tabs={TABS.map((id) => ({ id, says: say(id), ...(id === "ways" && { count: found.runs.length }) }))} shown={tab} onShow={(to) => onShow({ tab: to === "ways" ? undefined : to })}>
        {tab === "ways" ? (
          <Ways found={found} left={left} right={right} chosen={search.run ?? null} onChoose={(run) => onShow({ run })} />
        ) : (
          <Values left={left} right={right} run={search.run ?? null} />
        )}
      </Tabs>
    </Split>
  );
}
