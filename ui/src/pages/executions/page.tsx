/** The list of executions: live, by state, workflow and filter; its columns, its views; and what is done with many at once. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useEffect, useState } from "react";
import { PREFIX, ROOT } from "../../api/place";
import { OperationView } from "../../bulk/progress";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Button } from "../../parts/button";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { Table } from "../../parts/table";
import { Told } from "../../parts/told";
import { useViews } from "../../views/data";
import { ColumnsButton } from "./column-dialog";
import { columnsOf, leastWidth } from "./columns";
import { Filters } from "./filters";
import { HEAD, type List, useList } from "./list";
import { Marked } from "./marked";
import css from "./page.module.css";
import { type ExecutionsSearch, executions, wholeFilter } from "./route";
import type { Row } from "./statuses";
import { ViewStrip } from "./view-strip";
import { say } from "./words";

export function ExecutionsPage(): JSX.Element {
  const search = executions.useSearch();
  const navigate = useNavigate({ from: executions.fullPath });
  const isNarrow = useNarrow();
  const show = (changed: ExecutionsSearch) => void navigate({ search: (before) => ({ ...before, ...changed }) });
  useViewOfName(search);
  const list = useList(search);
  const names = searchNamesOf(list.rows ?? [], search.columns ?? []);
  const isFiltered = wholeFilter(search) !== "";
  const { operation } = search;
  const found = (
    <Found
      key={JSON.stringify([wholeFilter(search), search.sort])}
      list={list}
      search={search}
      isFiltered={isFiltered}
      onClear={() => show({ status: undefined, workflow: undefined, filter: undefined, view: undefined })}
      onStarted={(started) => show({ operation: started })}
    />
  );
  const beside = operation !== undefined && (
    <Guard of={operation}>
      <OperationView
        key={operation}
        id={operation}
        onOpen={(id) => void navigate({ to: "/executions/$id", params: { id } })}
        onStarted={(started) => show({ operation: started })}
        onEnded={list.again}
        onClose={() => show({ operation: undefined })}
      />
    </Guard>
  );
  return (
    <>
      <Head title={say("title")} says={list.rows !== null && list.rows.length > 0 && <Count shown={list.rows.length} />}>
        <ColumnsButton search={search} searchNames={names} onShow={show} />
      </Head>
      <ViewStrip search={search} onShow={show} />
      <Filters search={search} searchNames={names} onShow={show} problem={list.problem} />
      {beside === false ? (
        found
      ) : isNarrow ? (
        beside
      ) : (
        <Split name="executions" says={say("operation")} second="right" size={620} least={320}>
          {found}
          {beside}
        </Split>
      )}
    </>
  );
}

/** An address with nothing but the name of a view shows what the view shows. */
function useViewOfName(search: ExecutionsSearch): void {
  const { views } = useViews();
  const navigate = useNavigate({ from: executions.fullPath });
  const { view: name, filter, columns, sort, status, workflow } = search;
  const view = [filter, columns, sort, status, workflow].every((one) => one === undefined) ? views.find(({ id }) => id === name) : undefined;
  useEffect(() => {
    if (view !== undefined) void navigate({ search: { view: view.id, filter: view.filter, columns: view.columns, sort: view.sort }, replace: true });
  }, [view, navigate]);
}

/** The names of search values that are in sight. */
function searchNamesOf(rows: readonly Row[], columns: readonly string[]): readonly string[] {
  const found = new Set(columns.flatMap((name) => (name.startsWith("search.") ? [name.slice("search.".length)] : [])));
  for (const row of rows) for (const name of Object.keys(row.search ?? {})) found.add(name);
  return [...found].sort();
}

function Count({ shown }: { shown: number }): JSX.Element {
  return <span>{shown < HEAD ? say("found", { n: shown }) : say("first", { n: shown })}</span>;
}

interface FoundProps {
  readonly list: List;
  readonly search: ExecutionsSearch;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly onStarted: (operation: string) => void;
}

function Found({ list, search, isFiltered, onClear, onStarted }: FoundProps): JSX.Element | null {
  const navigate = useNavigate();
  const [marks, setMarks] = useState<ReadonlySet<string>>(new Set());
  const [areAll, setAll] = useState(false);
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
  const columns = columnsOf(search.columns);
  const keys = areAll ? new Set(rows.map((row) => row.execution_id)) : marks;
  const mark = (next: ReadonlySet<string>) => {
    setAll(false);
    setMarks(next);
  };
  return (
    <div className={css["found"]}>
      {(areAll || marks.size > 0) && <Marked marks={marks} filter={wholeFilter(search)} areAll={areAll} onAll={() => setAll(true)} onNone={() => mark(new Set())} onStarted={onStarted} />}
      <Table
        says={say("title")}
        columns={columns}
        least={leastWidth(columns)}
        rows={rows}
        keyOf={(row) => row.execution_id}
        onEnd={more}
        onOpen={open}
        marks={{ keys, onMark: mark, saysAll: say("markAll"), says: (id) => say("mark", { id }) }}
      />
    </div>
  );
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
