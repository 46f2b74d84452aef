/** The same as numbers: by time, or over all of the time by workflow, version or node. A row leads to its executions, or deeper. */

import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { ChoicePage } from "../../parts/choice";
import { type Column, Table } from "../../parts/table";
import { duration, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import type { Filled } from "./charts";
import { useGroups } from "./data";
import css from "./page.module.css";
import { GROUPS, type Group, type Point, type Range, sizeOf, type Window } from "./ranges";
import type { AnalyticsSearch } from "./route";
import { say } from "./words";

interface NumbersProps {
  readonly windows: Filled;
  readonly range: Range;
  readonly search: AnalyticsSearch;
  readonly onShow: (changed: AnalyticsSearch) => void;
  readonly onLead: (point: Point) => void;
}

const NAMES = { time: "byTime", workflow: "byWorkflow", version: "byVersion", node: "byNode" } as const satisfies Record<Group, string>;

export function Numbers({ windows, range, search, onShow, onLead }: NumbersProps): JSX.Element {
  const group = search.group ?? "time";
  const found = useGroups(search, range, group);
  const rows = group === "time" ? windows.flatMap(({ window }) => window ?? []).reverse() : (found.data?.windows ?? []);
  const open = (row: Window) => {
    if (group === "time") onLead({ kind: "running", from: Date.parse(row.at ?? ""), to: Date.parse(row.at ?? "") + sizeOf(range.by) });
    else if (group === "workflow") onShow({ workflow: row.workflow ?? undefined, version: undefined, group: "version" });
    else if (group === "version") onLead({ kind: "running", from: range.from, to: range.to, ...(row.workflow !== null && { workflow: row.workflow }), ...(row.version !== null && { version: row.version }) });
    else onShow({ workflow: row.workflow ?? undefined, node: row.node ?? undefined, group: undefined });
  };
  return (
    <ChoicePage label={say("group")} options={GROUPS.map((value) => ({ value, says: say(NAMES[value]) }))} chosen={group} onChoose={(value) => onShow({ group: value === "time" ? undefined : value })}>
      {found.error !== null && group !== "time" ? (
        <div className={css["problem"]}>
          <Told error={found.error} />
        </div>
      ) : (
        <Table says={say("table")} columns={columns(group, range.by === "day")} rows={rows} keyOf={keyOf} onOpen={open} least={1_080} />
      )}
    </ChoicePage>
  );
}

function keyOf({ at, workflow, version, node }: Window): string {
  return JSON.stringify([at, workflow, version, node]);
}

function columns(group: Group, areDays: boolean): readonly Column<Window>[] {
  const first: Column<Window> =
    group === "time" && areDays
      ? { id: "at", says: say("day"), width: "120px", narrow: "112px", cell: ({ at }) => at?.slice(0, "2026-01-31".length) }
      : group === "time"
      ? { id: "at", says: say("at", { zone: zoneShown() }), width: "120px", narrow: "112px", cell: ({ at }) => at && <When at={at} /> }
      : { id: "name", says: say(NAMES[group]), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{nameOf(row, group)}</code> };
  return [
    first,
    { id: "started", says: say("began"), width: "64px", narrow: "56px", isEnd: true, cell: ({ started }) => started },
    { id: "completed", says: say("completed"), width: "80px", isEnd: true, cell: ({ ended }) => ended["completed"] ?? 0 },
    { id: "failed", says: say("failed"), width: "56px", narrow: "56px", isEnd: true, cell: ({ ended }) => ended["failed"] ?? 0 },
    { id: "p50", says: say("halfWithin"), width: "80px", isEnd: true, cell: ({ duration: of }) => shown(of, "p50_ms") },
    { id: "p95", says: say("p95"), width: "80px", narrow: "72px", isEnd: true, cell: ({ duration: of }) => shown(of, "p95_ms") },
    { id: "p99", says: say("p99"), width: "80px", isEnd: true, cell: ({ duration: of }) => shown(of, "p99_ms") },
    { id: "queue", says: say("queue95"), width: "96px", isEnd: true, cell: ({ queue }) => shown(queue, "p95_ms") },
    { id: "waiting", says: say("waiting95"), width: "96px", isEnd: true, cell: ({ waiting }) => shown(waiting, "p95_ms") },
    { id: "retries", says: say("retriesOf"), width: "56px", isEnd: true, cell: ({ retries }) => retries },
    { id: "incidents", says: say("incidentsOf"), width: "72px", isEnd: true, cell: ({ incidents }) => incidents },
    { id: "resolving", says: say("resolving95"), width: "104px", isEnd: true, cell: ({ resolving }) => shown(resolving, "p95_ms") },
  ];
}

function nameOf({ workflow, version, node }: Window, group: Group): string {
  return group === "version" ? `${workflow} ${version}` : group === "node" ? `${workflow} / ${node}` : (workflow ?? "");
}

function shown(spread: Schemas["Spread"] | null, name: "p50_ms" | "p95_ms" | "p99_ms"): string {
  return spread === null ? "–" : duration(Number(spread[name]));
}
