/** The list of workflows: which version each starts with, and a button that starts one. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type JSX, useEffect, useRef, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { PREFIX, ROOT } from "../../api/place";
import { useOffered } from "../../frame/commands";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Button, IconButton } from "../../parts/button";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { TextField } from "../../parts/field";
import { type Column, Table } from "../../parts/table";
import { shortTime, zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { StartDialog } from "../../start/start-dialog";
import css from "./page.module.css";
import { DraftList } from "./draft-list";
import { workflows } from "./route";
import { say, sayStatus } from "./words";

type Row = Schemas["WorkflowVersion"];

export function WorkflowsPage(): JSX.Element {
  const { find = "" } = workflows.useSearch();
  const navigate = useNavigate({ from: workflows.fullPath });
  const [starting, start] = useState<string | null>(null);
  const found = useQuery({ queryKey: ["workflows"], queryFn: ({ signal }) => ask(api.GET("/v1/workflows", { signal })) });
  const rows = found.data?.workflows;
  const shown = rows?.filter(({ name }) => name.toLowerCase().includes(find.toLowerCase())) ?? [];
  const open = ({ name }: Row, { isNewTab }: { readonly isNewTab: boolean }) => {
    if (isNewTab) window.open(`${PREFIX}/workflows/${encodeURIComponent(name)}`, "_blank");
    else void navigate({ to: "/workflows/$name", params: { name } });
  };
  useSettings(); // the zone stands in the head of a column
  return (
    <>
      <Head title={say("title")} says={rows && <AsOf count={rows.length} at={found.dataUpdatedAt} onAgain={() => void found.refetch()} />}>
        <Button onClick={() => void navigate({ to: "/templates", search: {} })}>{say("templates")}</Button>
        <Button icon="plus" onClick={() => void navigate({ to: "/workflows/new", search: {} })}>
          {say("fresh")}
        </Button>
      </Head>
      {rows === undefined && found.error && (
        <div className={css["problem"]}>
          <Told error={found.error} onRetry={() => void found.refetch()} />
        </div>
      )}
      <DraftList />
      {rows?.length === 0 && <NoneYet />}
      {rows !== undefined && rows.length > 0 && (
        <>
          <Find find={find} onFind={(next) => void navigate({ search: { find: next || undefined }, replace: true })} />
          {shown.length === 0 ? (
            <Empty title={say("emptyFound")}>
              <Button onClick={() => void navigate({ search: {} })}>{say("clear")}</Button>
            </Empty>
          ) : (
            <Table says={say("title")} columns={columns(start)} rows={shown} keyOf={({ name }) => name} onOpen={open} />
          )}
        </>
      )}
      {starting !== null && <StartDialog name={starting} onClose={() => start(null)} />}
    </>
  );
}

/** Lists of definitions are not live: it says of when it is, and looks again. */
function AsOf({ count, at, onAgain }: { count: number; at: number; onAgain: () => void }): JSX.Element {
  return (
    <>
      <span>{say("asOf", { n: count, at: shortTime(at) })}</span>
      <IconButton icon="refresh" says={say("refresh")} onClick={onAgain} />
    </>
  );
}

function Find({ find, onFind }: { find: string; onFind: (find: string) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(find);
  useEffect(() => setTyped(find), [find]);
  useOffered([{ id: "find", says: say("focusFind"), keys: "/", group: say("title"), run: () => input.current?.focus() }]);
  return (
    <div className={css["find"]}>
      <TextField
        ref={input}
        label={say("find")}
        hideLabel
        placeholder={say("find")}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          onFind(event.target.value.trim());
        }}
      />
    </div>
  );
}

function NoneYet(): JSX.Element {
  return (
    <Empty title={say("emptyTitle")} says={say("emptySays")}>
      <Command line={`curl --data-binary @workflow.yaml -H 'Content-Type: application/yaml' ${ROOT.href}v1/workflows`} />
    </Empty>
  );
}

function columns(start: (name: string) => void): readonly Column<Row>[] {
  return [
    { id: "name", says: say("name"), width: "minmax(160px, 2fr)", narrow: "minmax(0, 1fr)", cell: ({ name }) => <span className={css["name"]}>{name}</span> },
    { id: "version", says: say("version"), width: "80px", narrow: "64px", isEnd: true, cell: ({ version }) => version },
    { id: "status", says: say("status"), width: "minmax(90px, 1fr)", cell: ({ status }) => <span className="soft">{sayStatus(status)}</span> },
    { id: "by", says: say("by"), width: "minmax(0, 1fr)", cell: ({ published_by }) => <span className="soft">{published_by ?? "–"}</span> },
    { id: "published", says: say("published", { zone: zoneShown() }), width: "184px", isEnd: true, cell: ({ published_at }) => published_at && <When at={published_at} /> },
    {
      id: "start",
      says: say("start"),
      width: "96px",
      narrow: "96px",
      isEnd: true,
      cell: ({ name, status }) =>
        status === "active" && (
          <Button
            className={css["start"]}
            icon="play"
            tabIndex={-1}
            aria-label={say("startOf", { name })}
            onClick={(event) => {
              event.stopPropagation();
              start(name);
            }}
          >
            {say("start")}
          </Button>
        ),
    },
  ];
}
