/** What needs a person, of all executions: by its cause, that with the most first. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { OperationView } from "../../bulk/progress";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { type Column, Table } from "../../parts/table";
import { longTime, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { CauseView } from "./cause";
import { type Cause, useAgain, useCauses, useLastResolved, useStamp } from "./data";
import css from "./page.module.css";
import { incidents, type IncidentsSearch } from "./route";
import { say } from "./words";

export function IncidentsPage(): JSX.Element {
  const search = incidents.useSearch();
  const navigate = useNavigate();
  const again = useAgain();
  const isNarrow = useNarrow();
  useSettings(); // the zone stands in the head of a column
  const stamp = useStamp();
  const found = useCauses(stamp);
  const causes = found.data?.causes ?? null;
  const show = (search: IncidentsSearch) => void navigate({ to: "/incidents", search });
  const { operation, ...of } = search;
  const isChosen = of.type !== undefined;
  const list = (
    <div className={css["list"]}>
      {found.error !== null && <Told error={found.error} onRetry={again} />}
      {causes !== null && causes.length === 0 && <Nothing />}
      {causes !== null && causes.length > 0 && <Table says={say("title")} columns={columns()} rows={causes} keyOf={keyOf} onOpen={(cause) => show(searchOf(cause))} />}
    </div>
  );
  const view =
    operation !== undefined ? (
      <OperationView id={operation} onOpen={(id) => void navigate({ to: "/executions/$id", params: { id } })} onStarted={(started) => show({ ...of, operation: started })} onEnded={again} onClose={() => show(of)} />
    ) : isChosen ? (
      <CauseView of={of} cause={causes?.find((one) => isSame(one, of)) ?? null} stamp={stamp} onStarted={(id) => show({ ...of, operation: id })} onBack={() => show({})} />
    ) : null;
  const guarded = <Guard of={JSON.stringify(search)}>{view}</Guard>;
  return (
    <>
      <Head title={say("title")} says={causes !== null && causes.length > 0 && <span>{say("found", { n: causes.reduce((sum, one) => sum + Number(one.count), 0), causes: causes.length })}</span>} />
      {view === null ? (
        list
      ) : isNarrow ? (
        guarded
      ) : (
        <Split name="incidents" says={say("incidents")} second="right" size={760} least={320}>
          {list}
          {guarded}
        </Split>
      )}
    </>
  );
}

function Nothing(): JSX.Element {
  const last = useLastResolved(true);
  const at = last.data ?? null;
  return <Empty title={say("emptyTitle")} says={last.data === undefined ? undefined : at === null ? say("emptyNever") : say("emptyLast", { time: longTime(at).replace(/ [^ ]*$/, ""), zone: zoneShown(new Date(at).getTime()) })} />;
}

function searchOf({ workflow, node, type, message }: Cause): IncidentsSearch {
  return { workflow, node: node || undefined, type, shape: message || undefined };
}

function isSame({ workflow, node, type, message }: Cause, of: IncidentsSearch): boolean {
  return workflow === of.workflow && node === (of.node ?? "") && type === of.type && message === (of.shape ?? "");
}

function keyOf(cause: Cause): string {
  return JSON.stringify([cause.workflow, cause.node, cause.type, cause.message]);
}

function columns(): readonly Column<Cause>[] {
  return [
    { id: "count", says: say("count"), width: "56px", narrow: "48px", isEnd: true, cell: (cause) => <strong>{cause.count}</strong> },
    { id: "error", says: say("error"), width: "minmax(140px, 2fr)", narrow: "minmax(0, 1fr)", cell: (cause) => <span className={css["name"]}>{cause.message || cause.type}</span> },
    { id: "type", says: say("cause"), width: "minmax(0, 1fr)", cell: (cause) => <code className="soft">{cause.type}</code> },
    { id: "where", says: say("where"), width: "minmax(0, 1fr)", cell: (cause) => <span>{[cause.workflow, cause.node].filter(Boolean).join(" / ")}</span> },
    { id: "last", says: say("last", { zone: zoneShown() }), width: "128px", narrow: "112px", isEnd: true, cell: (cause) => cause.last && <When at={cause.last} /> },
  ];
}
