/** What models cost: charts by day, and beside them the numbers; each point leads to its executions. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { Head } from "../../frame/head";
import { Button } from "../../parts/button";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { duration, longTime } from "../../parts/time";
import { toast } from "../../parts/toast";
import { Told } from "../../parts/told";
import { Chart, type Line } from "../analytics/chart";
import css from "../analytics/page.module.css";
import { DAY_MS, daysOf, filled, filterOf } from "../analytics/ranges";
import { Views } from "../analytics/views";
import { say as sayAnalytics } from "../analytics/words";
import { ANY, Asked } from "./asked";
import { callsOf, type Days, firstOf, moneyOf, tokensOf } from "./charts";
import { useDays, useTotal, workflowsThat } from "./data";
import { money, short } from "./money";
import { type Lead, Numbers } from "./numbers";
import { costs, type CostsSearch } from "./route";
import { say as sayTitle } from "./title";
import { Totals } from "./totals";
import { say } from "./words";

/** Where no more was spent, the axis of money ends there. */
const CENT_PART = 0.001;

export function CostsPage(): JSX.Element {
  const search = costs.useSearch();
  const navigate = useNavigate({ from: costs.fullPath });
  const isNarrow = useNarrow();
  const [now, setNow] = useState(() => Date.now());
  const range = daysOf({ ...search, last: search.last ?? "30d" }, now);
  const found = useDays(search, range);
  const total = useTotal(search, range);
  const show = (changed: CostsSearch) => {
    setNow(Date.now());
    void navigate({ search: (before) => ({ ...before, ...changed }) });
  };
  const lead = async ({ areWithoutPrompt = false, from, to, ...of }: Lead) => {
    const { workflow = search.workflow, version = search.version } = of;
    const workflows = workflow === undefined ? await workflowsThat(search, { from, to }, areWithoutPrompt) : undefined;
    await navigate({ to: "/executions", search: { filter: filterOf({ kind: "running", from, to, workflow, version, workflows }) } });
  };
  const follow = (to: Lead) => void lead(to).catch((error: Error) => toast({ says: error.message }));
  const days = found.data === undefined ? null : filled(range, found.data.windows);
  return (
    <>
      <Head title={sayTitle("title")} says={<span>{say("utc")}</span>}>
        <Views />
      </Head>
      <Asked search={search} range={range} onShow={show} />
      {found.error !== null && (
        <div className={css["problem"]}>
          <Told error={found.error} onRetry={() => void found.refetch()} />
        </div>
      )}
      {days === null ? null : days.every(({ window }) => window === null) ? (
        <Empty title={say("emptyTitle")} says={say("emptySays")}>
          <Button onClick={() => show({ ...ANY, last: "365d", from: undefined, to: undefined })}>{say("more")}</Button>
        </Empty>
      ) : (
        <>
          {total !== null && <Totals total={total} />}
          <Split name={isNarrow ? "costs.narrow" : "costs"} says={say("table")} second="right" size={isNarrow ? 260 : Math.max(620, Math.round(window.innerWidth / 2))} least={200}>
            <Guard of="charts">
              <Charts days={days} onPoint={(at) => follow({ from: at, to: at + DAY_MS })} />
            </Guard>
            <Guard of="numbers">
              <Numbers days={days} range={range} search={search} onShow={show} onLead={follow} />
            </Guard>
          </Split>
        </>
      )}
    </>
  );
}

function Charts({ days, onPoint }: { readonly days: Days; readonly onPoint: (at: number) => void }): JSX.Element {
  const times = days.map(({ at }) => at);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const chart = (title: string, lines: readonly Line[], write: (value: number) => string, least = 1) => {
    const says = sayAnalytics("chartSays", { title, from: longTime(first), to: longTime(last + DAY_MS) });
    return <Chart title={title} says={says} times={times} lines={lines} write={write} least={least} areDays onPoint={onPoint} />;
  };
  return (
    <div className={css["charts"]} tabIndex={0} role="group" aria-label={say("charts")}>
      {chart(say("money"), moneyOf(days), money, CENT_PART)}
      {chart(say("calls"), callsOf(days), short)}
      {chart(say("tokens"), tokensOf(days), short)}
      {days.some(({ window }) => window?.first_token) && chart(say("firstToken"), firstOf(days, [sayAnalytics("p50"), sayAnalytics("p95")]), duration)}
      <p className="soft">{say("leads")}</p>
    </div>
  );
}
