/** What starts executions by itself: all triggers, and one beside them. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { ROOT } from "../../api/place";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { type Column, Table } from "../../parts/table";
import { zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { type Trigger, useTriggers } from "./data";
import listed from "../../parts/listed.module.css";
import { triggers } from "./route";
import { StateOf } from "./state-of";
import { TriggerView } from "./trigger";
import { say } from "./words";

export function TriggersPage(): JSX.Element {
  const { trigger: chosen } = triggers.useSearch();
  const navigate = useNavigate();
  const isNarrow = useNarrow();
  useSettings(); // the zone stands in heads of columns
  const found = useTriggers();
  const rows = found.data?.pages.flatMap((page) => page.triggers) ?? null;
  const show = (trigger: string | undefined) => void navigate({ to: "/triggers", search: { trigger } });
  const list = (
    <div className={listed["list"]}>
      {rows === null && found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {rows !== null && rows.length === 0 && <NoneYet />}
      {rows !== null && rows.length > 0 && (
        <Table says={say("title")} columns={columns()} rows={rows} keyOf={(row) => row.name} onOpen={(row) => show(row.name)} onEnd={() => void (found.hasNextPage && !found.isFetching && found.fetchNextPage())} />
      )}
    </div>
  );
  const view = chosen !== undefined && (
    <Guard of={chosen}>
      <TriggerView key={chosen} name={chosen} onBack={() => show(undefined)} />
    </Guard>
  );
  return (
    <>
      <Head title={say("title")} says={rows !== null && rows.length > 0 && <span>{say("found", { n: rows.length })}</span>} />
      {view === false ? (
        list
      ) : isNarrow ? (
        view
      ) : (
        <Split name="triggers" says={say("title")} second="right" size={560} least={320}>
          {list}
          {view}
        </Split>
      )}
    </>
  );
}

function NoneYet(): JSX.Element {
  const publish = `curl -H 'Content-Type: application/json' -d '{"name": "nightly", "triggers": [{"id": "at_two", "type": "schedule", "cron": "0 2 * * *"}], "nodes": [{"id": "done", "type": "end"}]}' ${ROOT.href}v1/workflows`;
  return (
    <Empty title={say("emptyTitle")} says={say("emptySays")}>
      <Command line={publish} />
    </Empty>
  );
}

function columns(): readonly Column<Trigger>[] {
  return [
    { id: "name", says: say("name"), width: "minmax(140px, 1.6fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={listed["name"]}>{row.name}</span> },
    { id: "type", says: say("type"), width: "88px", cell: (row) => <code>{row.type}</code> },
    { id: "state", says: say("state"), width: "104px", narrow: "76px", cell: (row) => <StateOf status={row.status} /> },
    { id: "skipped", says: say("skipped"), width: "minmax(0, 1fr)", cell: (row) => <span className="soft">{row.skipped[0] && `${row.skipped[0].reason}: ${row.skipped[0].message}`}</span> },
    { id: "last", says: say("last", { zone: zoneShown() }), width: "136px", isEnd: true, cell: (row) => row.last && <When at={row.last.at} /> },
    { id: "next", says: say("next", { zone: zoneShown() }), width: "136px", narrow: "112px", isEnd: true, cell: (row) => row.next[0] !== undefined && <When at={row.next[0]} /> },
  ];
}
