/** The columns of the list of executions: all that there are, and those that are shown. */

import { type Json, write } from "../../api/exact";
import { seenStatus, State } from "../../parts/state";
import type { Column } from "../../parts/table";
import { duration, zoneShown } from "../../parts/time";
import { TestMark } from "../../parts/test-mark";
import { When } from "../../parts/when";
import { sayWait } from "../../words/en";
import css from "./page.module.css";
import type { Row } from "./statuses";
import { say } from "./words";

/** What is shown where nobody has chosen; `detail` is what it waits for, or how it ended. */
export const SHOWN = ["status", "workflow", "execution_id", "detail", "duration", "created_at"] as const;
/** What one may choose, as views name it; besides, `search.NAME`. */
export const OFFERED = ["status", "workflow", "execution_id", "version", "waiting_for", "outcome", "error", "duration", "created_at", "started_at", "ended_at", "events", "tags", "parent", "root", "trigger"] as const;
type Named = (typeof SHOWN)[number] | (typeof OFFERED)[number];
const SEARCH = "search.";
/** So wide is a column at least, on average, before the list scrolls sideways. */
const LEAST_PX = 130;
const SHORT = "minmax(72px, 0.5fr)";
const LONG = "minmax(96px, 1fr)";

const AS: Readonly<Record<Named, () => Omit<Column<Row>, "id">>> = {
  status: () => ({ says: say("state"), width: "128px", narrow: "112px", cell: (row) => <State status={seenStatus(row.status, row.waiting_for)} /> }),
  workflow: () => ({ says: say("workflow"), width: "minmax(120px, 1.2fr)", narrow: "minmax(0, 1fr)", cell: (row) => <><span className={css["name"]}>{row.workflow}</span>{row.test && <> <TestMark /></>}</> }),
  execution_id: () => ({ says: say("id"), width: "minmax(140px, 1.4fr)", cell: (row) => <code>{row.execution_id}</code> }),
  detail: () => ({ says: say("detail"), width: "minmax(0, 1.4fr)", cell: (row) => <span className="soft">{waits(row) || problem(row) || row.outcome}</span> }),
  duration: () => ({ says: say("duration"), width: "96px", isEnd: true, cell: (row) => row.duration_ms !== null && duration(Number(row.duration_ms)) }),
  created_at: () => ({ says: say("created", { zone: zoneShown() }), width: "168px", narrow: "112px", isEnd: true, cell: (row) => row.created_at && <When at={row.created_at} /> }),
  started_at: () => ({ says: say("started", { zone: zoneShown() }), width: "168px", isEnd: true, cell: (row) => row.started_at && <When at={row.started_at} /> }),
  ended_at: () => ({ says: say("ended", { zone: zoneShown() }), width: "168px", isEnd: true, cell: (row) => row.ended_at && <When at={row.ended_at} /> }),
  version: () => ({ says: say("version"), width: "72px", isEnd: true, cell: (row) => row.version }),
  events: () => ({ says: say("events"), width: "72px", isEnd: true, cell: (row) => row.events }),
  waiting_for: () => ({ says: say("waitsFor"), width: LONG, cell: (row) => <span className="soft">{waits(row)}</span> }),
  error: () => ({ says: say("error"), width: LONG, cell: (row) => <span className="soft">{problem(row)}</span> }),
  outcome: () => ({ says: say("outcome"), width: SHORT, cell: (row) => row.outcome }),
  tags: () => ({ says: say("tags"), width: SHORT, cell: (row) => row.tags.join(", ") }),
  parent: () => ({ says: say("parent"), width: LONG, cell: (row) => row.parent && <code>{row.parent}</code> }),
  root: () => ({ says: say("root"), width: LONG, cell: (row) => row.root && <code>{row.root}</code> }),
  trigger: () => ({ says: say("trigger"), width: SHORT, cell: (row) => row.trigger && [row.trigger.kind, row.trigger.id].filter(Boolean).join(" ") }),
};

/** What a column is called. */
export function sayColumn(name: string): string {
  return name.startsWith(SEARCH) ? name.slice(SEARCH.length) : isNamed(name) ? AS[name]().says.replace(/ · .*$/, "") : name;
}

/** The columns of that name; what there is none of is left out. */
export function columnsOf(chosen: readonly string[] | undefined): readonly Column<Row>[] {
  const found = (chosen ?? SHOWN).flatMap((name) => column(name));
  const hasNarrow = found.filter((one) => one.narrow !== undefined).length;
  return hasNarrow > 0 ? found : found.map((one, at) => (at < 2 ? { ...one, narrow: "minmax(0, 1fr)" } : one));
}

export function leastWidth(columns: readonly unknown[]): number {
  return columns.length <= SHOWN.length + 1 ? 0 : columns.length * LEAST_PX;
}

function column(name: string): Column<Row>[] {
  if (isNamed(name)) return [{ id: name, ...AS[name]() }];
  if (!name.startsWith(SEARCH) || name === SEARCH) return [];
  const key = name.slice(SEARCH.length);
  return [{ id: name, says: key, width: LONG, cell: (row) => text(row.search?.[key] as Json | undefined) }];
}

function isNamed(name: string): name is Named {
  return Object.hasOwn(AS, name);
}

function text(value: Json | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : write(value);
}

function waits({ waiting_for }: Row): string {
  return [...new Set(waiting_for.map((one) => one.names?.join(", ") || one.path || sayWait(one.for)))].join(", ");
}

function problem({ error }: Row): string {
  return error?.message ?? error?.type ?? "";
}
