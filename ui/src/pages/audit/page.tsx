/** Who did what, of all that was asked from outside: live, and each row leads to what it was done to. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { Problem } from "../../api/problem";
import { ROOT } from "../../api/place";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Button } from "../../parts/button";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { type Column, Table } from "../../parts/table";
import { zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { PAGE, type Row, useAudit } from "./data";
import { Filters } from "./filters";
import css from "./page.module.css";
import { audit, type AuditSearch } from "./route";
import { deed, say } from "./words";

export function AuditPage(): JSX.Element {
  const search = audit.useSearch();
  const navigate = useNavigate();
  useSettings(); // the zone stands in the head of a column
  const found = useAudit(search);
  const rows = found.data?.pages.flatMap((page) => page.audit) ?? null;
  const show = (changed: AuditSearch) => void navigate({ to: "/audit", search: { ...search, ...changed } });
  const isFiltered = Object.values(search).some((one) => one !== undefined);
  const isFilter = found.error instanceof Problem && found.error.reason === "filter.invalid";
  return (
    <>
      <Head title={say("title")} says={rows !== null && rows.length > 0 && <span>{say(found.hasNextPage ? "first" : "found", { n: rows.length })}</span>} />
      <Filters search={search} onShow={show} problem={isFilter ? found.error?.message : undefined} />
      {found.error !== null && !isFilter && (
        <div className={css["problem"]}>
          <Told error={found.error} onRetry={() => void found.refetch()} />
        </div>
      )}
      {found.error === null && rows?.length === 0 && (isFiltered ? <NoneLikeThat onClear={() => void navigate({ to: "/audit", search: {} })} /> : <NoneYet />)}
      {found.error === null && rows !== null && rows.length > 0 && (
        <Table
          says={say("title")}
          columns={columns()}
          rows={rows}
          keyOf={keyOf}
          onOpen={(row) => void lead(row, navigate)}
          onEnd={() => void (found.hasNextPage && !found.isFetching && rows.length >= PAGE && found.fetchNextPage())}
        />
      )}
    </>
  );
}

/** To the event that came of it, else to the definition or the credential; what was done to a letter has no page. */
function lead({ execution_id, version, workflow, credential, about }: Row, navigate: ReturnType<typeof useNavigate>): Promise<void> | undefined {
  if (execution_id !== null) return navigate({ to: "/executions/$id", params: { id: execution_id }, search: version === null ? {} : { at: version } });
  if (credential !== null) return navigate({ to: "/credentials", search: { chosen: credential } });
  const published = /^version (\d+)$/.exec(about)?.[1];
  if (workflow !== null) return navigate({ to: "/workflows/$name", params: { name: workflow }, search: published === undefined ? {} : { version: Number(published) } });
  return undefined;
}

/** Rows that are equal in all that they say are the same. */
function keyOf(row: Row): string {
  return JSON.stringify([row.at, row.command, row.execution_id, row.version, row.about, row.correlation_id]);
}

function NoneLikeThat({ onClear }: { onClear: () => void }): JSX.Element {
  return (
    <Empty title={say("emptyFiltered")} says={say("emptyFilteredSays")}>
      <Button onClick={onClear}>{say("clear")}</Button>
    </Empty>
  );
}

function NoneYet(): JSX.Element {
  const publish = `curl -H 'Content-Type: application/json' -d '{"name": "hello", "nodes": [{"id": "done", "type": "end"}]}' ${ROOT.href}v1/workflows`;
  return (
    <Empty title={say("emptyTitle")} says={say("emptySays")}>
      <Command line={publish} />
    </Empty>
  );
}

/** By which channel somebody came, and from which address; only what is done to a task says so. */
function Source({ row }: { row: Row }): JSX.Element | null {
  if (row.channel === null) return null;
  return (
    <span className="soft">
      {row.channel} {row.address !== null && <code>{row.address}</code>}
    </span>
  );
}

function columns(): readonly Column<Row>[] {
  return [
    { id: "at", says: say("at", { zone: zoneShown() }), width: "136px", narrow: "80px", cell: (row) => <When at={row.at} /> },
    { id: "actor", says: say("actor"), width: "minmax(96px, 0.8fr)", cell: (row) => row.actor ?? <span className="soft">{say("nobody")}</span> },
    { id: "from", says: say("from"), width: "minmax(0, 0.8fr)", cell: (row) => <Source row={row} /> },
    { id: "did", says: say("did"), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={css["did"]}>{deed(row.command)}</span> },
    { id: "what", says: say("what"), width: "minmax(0, 1.2fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.execution_id ?? row.workflow ?? row.credential}</code> },
    { id: "workflow", says: say("workflow"), width: "minmax(0, 1fr)", cell: (row) => row.workflow },
    { id: "about", says: say("about"), width: "minmax(0, 1.6fr)", cell: (row) => <span className="soft">{row.about}</span> },
    { id: "request", says: say("request"), width: "minmax(0, 0.8fr)", cell: (row) => <code className="soft">{row.correlation_id}</code> },
  ];
}
