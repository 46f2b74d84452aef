/** The APIs that nodes and agents can ask: all of them, one beside them, and a way to bring another one in. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { ROOT } from "../../api/place";
import { useOffered } from "../../frame/commands";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { apart } from "../../parts/apart";
import { Button } from "../../parts/button";
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
import { ConnectorView } from "./connector";
import { type Kept, useConnectors } from "./data";
import { connectors, type ConnectorsSearch } from "./route";
import { say } from "./words";

const Import = apart(async () => (await import("./import")).Import);

export function ConnectorsPage(): JSX.Element {
  const search = connectors.useSearch();
  const navigate = useNavigate();
  const isNarrow = useNarrow();
  useSettings(); // the zone stands in heads of columns
  const found = useConnectors();
  const [isImporting, setImporting] = useState(false);
  const rows = found.data ?? null;
  const show = (changed: ConnectorsSearch, replace = false) => void navigate({ to: "/connectors", search: changed, replace });
  const bring = () => setImporting(true);
  useOffered([{ id: "import", says: say("importDots"), keys: "c", group: say("title"), run: bring }]);
  const list = (
    <div className={listed["list"]}>
      {rows === null && found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {rows !== null && rows.length === 0 && (
        <Empty title={say("emptyTitle")} says={say("emptySays")}>
          <Button look="main" onClick={bring}>
            {say("importDots")}
          </Button>
          <Command line={`refold connectors import openapi.json --server ${ROOT.href.replace(/\/$/, "")}`} />
        </Empty>
      )}
      {rows !== null && rows.length > 0 && <Table says={say("title")} columns={columns()} rows={rows} keyOf={(row) => row.name} onOpen={(row) => show({ connector: row.name })} />}
    </div>
  );
  const view = search.connector !== undefined && (
    <Guard of={search.connector}>
      <ConnectorView key={search.connector} name={search.connector} search={search} onShow={(changed, replace) => show({ ...search, ...changed }, replace)} onBack={() => show({})} />
    </Guard>
  );
  return (
    <>
      <Head title={say("title")} says={rows !== null && rows.length > 0 && <span>{say("found", { n: rows.length })}</span>}>
        <Button icon="plus" onClick={bring}>
          {say("importDots")}
        </Button>
      </Head>
      {view === false ? (
        list
      ) : isNarrow ? (
        view
      ) : (
        <Split name="connectors" says={say("title")} second="right" size={Math.max(560, Math.round(window.innerWidth * 0.6))} least={320}>
          {list}
          {view}
        </Split>
      )}
      {isImporting && <Import onClose={() => setImporting(false)} onDone={(name) => show({ connector: name })} />}
    </>
  );
}

function columns(): readonly Column<Kept>[] {
  return [
    { id: "name", says: say("name"), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={listed["name"]}>{row.name}</span> },
    { id: "version", says: say("version"), width: "64px", isEnd: true, cell: (row) => row.version },
    { id: "actions", says: say("actions"), width: "64px", narrow: "64px", isEnd: true, cell: (row) => row.actions },
    { id: "published", says: say("published", { zone: zoneShown() }), width: "136px", narrow: "120px", isEnd: true, cell: (row) => <When at={row.published_at} /> },
    { id: "by", says: say("by"), width: "minmax(72px, 0.6fr)", cell: (row) => row.published_by },
    { id: "at", says: say("baseUrl"), width: "minmax(0, 2fr)", cell: (row) => <code>{row.base_url}</code> },
  ];
}
