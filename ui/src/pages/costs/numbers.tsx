/** The costs as numbers: by day, or over all of the time by workflow, version, node, model or prompt. A row leads deeper, or to executions. */

import type { JSX } from "react";
import css from "../analytics/page.module.css";
import { DAY_MS, type Range } from "../analytics/ranges";
import { ChoicePage } from "../../parts/choice";
import { type Column, Table } from "../../parts/table";
import { duration } from "../../parts/time";
import { Told } from "../../parts/told";
import type { Days } from "./charts";
import { type Cost, useGroups } from "./data";
import { count, money } from "./money";
import { type CostsSearch, type Group, GROUPS } from "./route";
import { say } from "./words";

/** Executions that were on their way then: of what else the row says. */
export interface Lead {
  readonly from: number;
  readonly to: number;
  readonly workflow?: string | undefined;
  readonly version?: number | undefined;
  readonly areWithoutPrompt?: boolean;
}

interface NumbersProps {
  readonly days: Days;
  readonly range: Range;
  readonly search: CostsSearch;
  readonly onShow: (changed: CostsSearch) => void;
  readonly onLead: (lead: Lead) => void;
}

const NAMES = { day: "byDay", workflow: "byWorkflow", version: "byVersion", node: "byNode", model: "byModel", prompt: "byPrompt" } as const satisfies Record<Group, string>;

export function Numbers({ days, range, search, onShow, onLead }: NumbersProps): JSX.Element {
  const group = search.group ?? "day";
  const found = useGroups(search, range, group);
  const rows = group === "day" ? days.flatMap(({ window }) => window ?? []).reverse() : (found.data?.windows ?? []);
  const open = (row: Cost) => {
    const workflow = row.workflow ?? undefined;
    if (group === "day") onLead({ from: Date.parse(row.at ?? ""), to: Date.parse(row.at ?? "") + DAY_MS });
    else if (group === "workflow") onShow({ workflow, version: undefined, group: "node" });
    else if (group === "version") onLead({ ...range, workflow, version: row.version ?? undefined });
    else if (group === "node") onShow({ workflow, node: row.node ?? undefined, group: "model" });
    else if (group === "model") onShow({ model: row.model ?? undefined, group: "workflow" });
    else if (row.prompt) onShow({ prompt: row.prompt, group: "workflow" });
    else onLead({ ...range, areWithoutPrompt: true });
  };
  return (
    <ChoicePage label={say("group")} options={GROUPS.map((value) => ({ value, says: say(NAMES[value]) }))} chosen={group} onChoose={(value) => onShow({ group: value === "day" ? undefined : value })}>
      {found.error !== null && group !== "day" ? (
        <div className={css["problem"]}>
          <Told error={found.error} />
        </div>
      ) : (
        <Table says={say("table")} columns={columns(group)} rows={rows} keyOf={keyOf} onOpen={open} least={1_040} />
      )}
    </ChoicePage>
  );
}

function keyOf({ at, workflow, version, node, model, prompt }: Cost): string {
  return JSON.stringify([at, workflow, version, node, model, prompt]);
}

function columns(group: Group): readonly Column<Cost>[] {
  const first: Column<Cost> =
    group === "day"
      ? { id: "at", says: say("day"), width: "104px", narrow: "96px", cell: ({ at }) => at?.slice(0, "2026-01-31".length) }
      : { id: "name", says: say(NAMES[group]), width: "minmax(144px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => nameOf(row, group) };
  return [
    first,
    { id: "usd", says: say("usd"), width: "88px", narrow: "88px", isEnd: true, cell: ({ usd }) => money(Number(usd)) },
    { id: "calls", says: say("ofCalls"), width: "64px", narrow: "56px", isEnd: true, cell: ({ calls }) => count(calls) },
    { id: "input", says: say("ofInput"), width: "80px", isEnd: true, cell: ({ tokens }) => count(tokens.input) },
    { id: "cached", says: say("ofCached"), width: "72px", isEnd: true, cell: ({ tokens }) => count(tokens.cached) },
    { id: "output", says: say("ofOutput"), width: "80px", isEnd: true, cell: ({ tokens }) => count(tokens.output) },
    { id: "reasoning", says: say("ofReasoning"), width: "80px", isEnd: true, cell: ({ tokens }) => count(tokens.reasoning) },
    { id: "unmeasured", says: say("ofUnmeasured"), width: "96px", isEnd: true, cell: ({ tokens }) => count(tokens.unmeasured) },
    { id: "errors", says: say("ofErrors"), width: "80px", isEnd: true, cell: ({ errors }) => count(errors) },
    { id: "repairs", says: say("ofRepairs"), width: "64px", isEnd: true, cell: ({ repairs }) => count(repairs) },
    { id: "first", says: say("first95"), width: "120px", isEnd: true, cell: ({ first_token }) => (first_token === null ? "–" : duration(Number(first_token["p95_ms"]))) },
    { id: "lost", says: say("ofLost"), width: "88px", isEnd: true, cell: ({ lost }) => (lost.attempts === 0 ? "–" : money(Number(lost.usd))) },
  ];
}

function nameOf({ workflow, version, node, model, prompt }: Cost, group: Group): JSX.Element | string {
  if (group === "prompt" && prompt === "") return say("noPrompt");
  const name = { day: "", workflow: workflow, version: `${workflow} ${version}`, node: `${workflow} / ${node}`, model, prompt }[group];
  return <code>{name}</code>;
}
