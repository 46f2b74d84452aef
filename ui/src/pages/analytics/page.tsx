/** Analytics: charts over time, and beside them the numbers; each point and row leads to its executions. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { Head } from "../../frame/head";
import { Button } from "../../parts/button";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { duration, longTime } from "../../parts/time";
import { Told } from "../../parts/told";
import { Asked } from "./asked";
import { Chart, type Line } from "./chart";
import { type ChartId, type Filled, meantBy, ratesOf, SPREADS, spreadOf, troubleOf } from "./charts";
import { useWindows } from "./data";
import { Numbers } from "./numbers";
import css from "./page.module.css";
import { filled, filterOf, type Point, type Range, sizeOf } from "./ranges";
import { analytics, type AnalyticsSearch } from "./route";
import { Views } from "./views";
import { say } from "./words";

export function AnalyticsPage(): JSX.Element {
  const search = analytics.useSearch();
  const navigate = useNavigate({ from: analytics.fullPath });
  const isNarrow = useNarrow();
  const [now, setNow] = useState(() => Date.now());
  const show = (changed: AnalyticsSearch) => {
    setNow(Date.now());
    void navigate({ search: (before) => ({ ...before, ...changed }) });
  };
  const { range, found } = useWindows(search, now);
  const lead = (point: Omit<Point, "workflow" | "version"> & Partial<Point>) =>
    void navigate({ to: "/executions", search: { filter: filterOf({ ...(search.workflow !== undefined && { workflow: search.workflow }), ...(search.version !== undefined && { version: search.version }), ...point }) } });
  const windows = found.data === undefined ? null : filled(range, found.data.windows);
  const isEmpty = windows !== null && windows.every(({ window }) => window === null);
  return (
    <>
      <Head title={say("title")} says={<span>{say("utc")}</span>}>
        <Views />
      </Head>
      <Asked search={search} onShow={show} />
      {found.error !== null && (
        <div className={css["problem"]}>
          <Told error={found.error} onRetry={() => void found.refetch()} />
        </div>
      )}
      {windows === null ? null : isEmpty ? (
        <Empty title={say("emptyTitle")} says={say("emptySays")}>
          <Button onClick={() => show({ last: "30d", from: undefined, to: undefined, workflow: undefined, version: undefined, node: undefined })}>{say("more")}</Button>
        </Empty>
      ) : (
        <Split name={isNarrow ? "analytics.narrow" : "analytics"} says={say("table")} second="right" size={isNarrow ? 260 : Math.max(620, Math.round(window.innerWidth / 2))} least={200}>
          <Guard of="charts">
            <Charts windows={windows} range={range} isOfNode={search.node !== undefined} onLead={lead} />
          </Guard>
          <Guard of="numbers">
            <Numbers windows={windows} range={range} search={search} onShow={show} onLead={lead} />
          </Guard>
        </Split>
      )}
    </>
  );
}

interface ChartsProps {
  readonly windows: Filled;
  readonly range: Range;
  readonly isOfNode: boolean;
  readonly onLead: (point: Point) => void;
}

function Charts({ windows, range, isOfNode, onLead }: ChartsProps): JSX.Element {
  const times = windows.map(({ at }) => at);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const chart = (id: ChartId, title: string, lines: readonly Line[], write: (value: number) => string) => {
    const says = say("chartSays", { title, from: longTime(first), to: longTime(last + sizeOf(range.by)) });
    const point = (at: number, line: Line | null) => onLead({ from: at, to: at + sizeOf(range.by), ...meantBy(id, isOfNode ? null : line, line?.values[times.indexOf(at)] ?? null), ...(isOfNode && { kind: "running" as const }) });
    return <Chart key={id} title={title} says={says} times={times} lines={lines} write={write} areDays={range.by === "day"} onPoint={point} />;
  };
  const spreads = SPREADS.filter((name) => windows.some(({ window }) => window?.[name]));
  return (
    <div className={css["charts"]} tabIndex={0} role="group" aria-label={say("title")}>
      {chart("rates", say("rates"), ratesOf(windows), count)}
      {spreads.map((name) => chart(name, name === "duration" && isOfNode ? say("durationOfNode") : say(name), spreadOf(windows, name), duration))}
      {windows.some(({ window }) => window !== null && window.retries + window.incidents > 0) && chart("trouble", say("trouble"), troubleOf(windows), count)}
      <p className="soft">{say("leads")}</p>
    </div>
  );
}

function count(value: number): string {
  return Number.isInteger(value) ? new Intl.NumberFormat().format(value) : "";
}
