/** The list of executions: live, by state, workflow and filter, each of which stands in the address. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useEffect, useRef, useState } from "react";
import { PREFIX, ROOT } from "../../api/place";
import { useOffered } from "../../frame/commands";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Button } from "../../parts/button";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { SelectField, TextField } from "../../parts/field";
import { seenStatus, State } from "../../parts/state";
import { type Column, Table } from "../../parts/table";
import { duration, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { sayState, sayWait } from "../../words/en";
import css from "./page.module.css";
import { HEAD, useList, useWorkflowNames } from "./list";
import { type ExecutionsSearch, executions } from "./route";
import { type Row, STATUSES, type Status } from "./statuses";
import { say } from "./words";

export function ExecutionsPage(): JSX.Element {
  const search = executions.useSearch();
  const navigate = useNavigate({ from: executions.fullPath });
  const show = (changed: ExecutionsSearch) => void navigate({ search: (before) => ({ ...before, ...changed }) });
  const list = useList(search);
  const isFiltered = search.status !== undefined || search.workflow !== undefined || search.filter !== undefined;
  return (
    <>
      <Head title={say("title")} says={list.rows !== null && list.rows.length > 0 && <Count shown={list.rows.length} />} />
      <Filters search={search} onShow={show} problem={list.problem?.detail} />
      <Found list={list} isFiltered={isFiltered} onClear={() => show({ status: undefined, workflow: undefined, filter: undefined })} />
    </>
  );
}

function Count({ shown }: { shown: number }): JSX.Element {
  return <span>{shown < HEAD ? say("found", { n: shown }) : say("first", { n: shown })}</span>;
}

interface FiltersProps {
  readonly search: ExecutionsSearch;
  readonly onShow: (changed: ExecutionsSearch) => void;
  readonly problem: string | undefined;
}

function Filters({ search, onShow, problem }: FiltersProps): JSX.Element {
  const names = useWorkflowNames();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(search.filter ?? "");
  useEffect(() => setTyped(search.filter ?? ""), [search.filter]); // back and forward change it, too
  useOffered([{ id: "filter", says: say("focusFilter"), keys: "/", group: say("title"), run: () => input.current?.focus() }]);
  const chosen = search.workflow !== undefined && !names.includes(search.workflow) ? [search.workflow, ...names] : names;
  return (
    <form
      className={css["filters"]}
      onSubmit={(event) => {
        event.preventDefault();
        onShow({ filter: typed.trim() || undefined });
      }}
    >
      <SelectField
        label={say("state")}
        hideLabel
        value={search.status?.length === 1 ? search.status[0] : search.status ? "several" : ""}
        onChange={(status) => onShow({ status: status === "" ? undefined : [status as Status] })}
        options={[
          { value: "", says: say("anyState") },
          ...(search.status && search.status.length > 1 ? [{ value: "several", says: search.status.map((one) => sayState(one)).join(", ") }] : []),
          ...STATUSES.map((status) => ({ value: status, says: sayState(status) })),
        ]}
      />
      <SelectField
        label={say("workflow")}
        hideLabel
        value={search.workflow ?? ""}
        onChange={(workflow) => onShow({ workflow: workflow || undefined })}
        options={[{ value: "", says: say("anyWorkflow") }, ...chosen.map((name) => ({ value: name, says: name }))]}
      />
      <TextField ref={input} label={say("filter")} hideLabel mono value={typed} placeholder={say("filterPlaceholder")} problem={problem} onChange={(event) => setTyped(event.target.value)} />
    </form>
  );
}

interface FoundProps {
  readonly list: ReturnType<typeof useList>;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
}

function Found({ list, isFiltered, onClear }: FoundProps): JSX.Element | null {
  const navigate = useNavigate();
  useSettings(); // the zone stands in the head of a column
  const { rows, problem, more } = list;
  if (problem !== null) {
    return (
      <div className={css["problem"]}>
        <Told error={problem} />
      </div>
    );
  }
  if (rows === null) return null;
  const open = (row: Row, { isNewTab }: { readonly isNewTab: boolean }) => {
    const path = `/executions/${encodeURIComponent(row.execution_id)}`;
    if (isNewTab) window.open(`${PREFIX}${path}`, "_blank");
    else void navigate({ to: "/executions/$id", params: { id: row.execution_id } });
  };
  if (rows.length === 0) return isFiltered ? <NoneLikeThat onClear={onClear} /> : <NoneYet />;
  return <Table says={say("title")} columns={columns()} rows={rows} keyOf={(row) => row.execution_id} onEnd={more} onOpen={open} />;
}

function NoneLikeThat({ onClear }: { onClear: () => void }): JSX.Element {
  return (
    <Empty title={say("emptyFiltered")} says={say("emptyFilteredSays")}>
      <Button onClick={onClear}>{say("clear")}</Button>
    </Empty>
  );
}

function NoneYet(): JSX.Element {
  const publish = `curl -H 'Content-Type: application/json' -d '{"name": "hello", "nodes": [{"id": "done", "type": "end", "config": {"output": "{{ input }}"}}]}' ${ROOT.href}v1/workflows`;
  const start = `curl -H 'Content-Type: application/json' -d '{"input": {"name": "World"}}' ${ROOT.href}v1/workflows/hello/executions`;
  return (
    <Empty title={say("emptyTitle")} says={say("emptySays")}>
      <Command line={publish} />
      <Command line={start} />
    </Empty>
  );
}

function columns(): readonly Column<Row>[] {
  return [
    { id: "state", says: say("state"), width: "128px", narrow: "112px", cell: (row) => <State status={seenStatus(row.status, row.waiting_for)} /> },
    { id: "workflow", says: say("workflow"), width: "minmax(120px, 1.2fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={css["name"]}>{row.workflow}</span> },
    { id: "id", says: say("id"), width: "minmax(140px, 1.4fr)", cell: (row) => <code>{row.execution_id}</code> },
    { id: "detail", says: say("detail"), width: "minmax(0, 1.4fr)", cell: (row) => <span className="soft">{detail(row)}</span> },
    { id: "took", says: say("duration"), width: "96px", isEnd: true, cell: (row) => row.duration_ms !== null && duration(Number(row.duration_ms)) },
    { id: "created", says: say("created", { zone: zoneShown() }), width: "168px", narrow: "auto", isEnd: true, cell: (row) => row.created_at && <When at={row.created_at} /> },
  ];
}

/** What it waits for, or how it ended. */
function detail({ waiting_for, error, outcome }: Row): string {
  if (waiting_for.length > 0) return [...new Set(waiting_for.map((one) => one.names?.join(", ") || one.path || sayWait(one.for)))].join(", ");
  return error?.message ?? error?.type ?? outcome ?? "";
}
