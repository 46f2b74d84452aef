/** The prompts that are kept: all of them, and one beside them. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { ROOT } from "../../api/place";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import listed from "../../parts/listed.module.css";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { type Column, Table } from "../../parts/table";
import { zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { type Kept, usePrompts } from "./data";
import { PromptView } from "./prompt";
import { prompts, type PromptsSearch } from "./route";
import { say as sayTitle } from "./title";
import { say } from "./words";

export function PromptsPage(): JSX.Element {
  const search = prompts.useSearch();
  const navigate = useNavigate();
  const isNarrow = useNarrow();
  useSettings(); // the zone stands in heads of columns
  const found = usePrompts();
  const rows = found.data ?? null;
  const show = (changed: PromptsSearch) => void navigate({ to: "/prompts", search: changed });
  const list = (
    <div className={listed["list"]}>
      {rows === null && found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {rows !== null && rows.length === 0 && (
        <Empty title={say("emptyTitle")} says={say("emptySays")}>
          <Command line={`refold prompts publish reply.yaml --server ${ROOT.href.replace(/\/$/, "")}`} />
        </Empty>
      )}
      {rows !== null && rows.length > 0 && <Table says={sayTitle("title")} columns={columns()} rows={rows} keyOf={(row) => row.name} onOpen={(row) => show({ prompt: row.name, tab: search.tab })} />}
    </div>
  );
  const view = search.prompt !== undefined && (
    <Guard of={search.prompt}>
      <PromptView key={search.prompt} name={search.prompt} search={search} onShow={(changed) => show({ ...search, ...changed })} onBack={() => show({})} />
    </Guard>
  );
  return (
    <>
      <Head title={sayTitle("title")} says={rows !== null && rows.length > 0 && <span>{say("found", { n: rows.length })}</span>} />
      {view === false ? (
        list
      ) : isNarrow ? (
        view
      ) : (
        <Split name="prompts" says={sayTitle("title")} second="right" size={Math.max(560, Math.round(window.innerWidth * 0.55))} least={320}>
          {list}
          {view}
        </Split>
      )}
    </>
  );
}

function columns(): readonly Column<Kept>[] {
  return [
    { id: "name", says: say("name"), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={listed["name"]}>{row.name}</span> },
    { id: "version", says: say("version"), width: "64px", narrow: "64px", isEnd: true, cell: (row) => row.version },
    { id: "published", says: say("published", { zone: zoneShown() }), width: "136px", narrow: "120px", isEnd: true, cell: (row) => <When at={row.published_at} /> },
    { id: "by", says: say("by"), width: "minmax(72px, 0.6fr)", cell: (row) => row.published_by },
    { id: "description", says: say("description"), width: "minmax(0, 2fr)", cell: (row) => <span className="soft">{row.description}</span> },
  ];
}
