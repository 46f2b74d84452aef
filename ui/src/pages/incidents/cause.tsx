/** A cause: its incidents, each of which leads to its node, and is resolved alone or with all others. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { PREFIX } from "../../api/place";
import { BulkDialog } from "../../bulk/dialog";
import { Button } from "../../parts/button";
import { Empty } from "../../parts/empty";
import { Pairs } from "../../parts/pairs";
import { type Column, Table } from "../../parts/table";
import { zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { type Cause, type Incident, useAgain, useIncidents } from "./data";
import { ofCause } from "./filter";
import css from "./page.module.css";
import { Resolve } from "./resolve";
import type { IncidentsSearch } from "./route";
import { say } from "./words";

interface CauseViewProps {
  readonly of: IncidentsSearch;
  /** What is known of it; null where none of it is open any more. */
  readonly cause: Cause | null;
  readonly stamp: string | null;
  readonly onStarted: (operation: string) => void;
  readonly onBack: () => void;
}

export function CauseView({ of, cause, stamp, onStarted, onBack }: CauseViewProps): JSX.Element {
  const navigate = useNavigate();
  const again = useAgain();
  const found = useIncidents(of, stamp);
  const [one, setOne] = useState<Incident | null>(null);
  const [isAll, setAll] = useState(false);
  const rows = found.data?.pages.flatMap((page) => page.incidents) ?? null;
  const open = ({ execution_id, path }: Incident, { isNewTab }: { readonly isNewTab: boolean }) => {
    if (isNewTab) window.open(`${PREFIX}/executions/${encodeURIComponent(execution_id)}${path && `?node=${encodeURIComponent(path)}`}`, "_blank");
    else void navigate({ to: "/executions/$id", params: { id: execution_id }, search: { node: path || undefined } });
  };
  return (
    <section className={css["cause"]} aria-label={say("incidents")}>
      <div className={css["head"]}>
        <Button className={css["back"]} icon="left" onClick={onBack}>
          {say("back")}
        </Button>
        <h2 className={css["message"]} translate="no">
          {of.shape ?? of.type}
        </h2>
        <Pairs
          of={[
            [say("cause"), <code key="t">{of.type}</code>],
            [say("where"), <span key="w" translate="no">{[of.workflow, of.node].filter(Boolean).join(" / ")}</span>],
            [say("count"), cause?.count],
            [say("first"), cause?.first && <When key="f" at={cause.first} />],
          ]}
        />
        {rows !== null && rows.length > 0 && (
          <Button className={css["all"]} onClick={() => setAll(true)}>
            {say("resolveAll")}
          </Button>
        )}
        {found.error !== null && <Told error={found.error} onRetry={again} />}
      </div>
      {rows === null ? null : rows.length === 0 ? (
        <Empty title={say("gone")} says={say("goneSays")} />
      ) : (
        <Table says={say("incidents")} columns={columns(setOne)} rows={rows} keyOf={(row) => `${row.execution_id} ${row.incident}`} onOpen={open} onEnd={() => void (found.hasNextPage && !found.isFetching && found.fetchNextPage())} />
      )}
      {one !== null && <Resolve incident={one} onDone={again} onClose={() => setOne(null)} />}
      {isAll && (
        <BulkDialog
          title={say("resolveCause")}
          actions={["retry", "fail"]}
          which={{ incidents: ofCause(of) }}
          onStarted={onStarted}
          onClose={() => setAll(false)}
        />
      )}
    </section>
  );
}

function columns(onResolve: (incident: Incident) => void): readonly Column<Incident>[] {
  return [
    { id: "execution", says: say("execution"), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.execution_id}</code> },
    { id: "node", says: say("node"), width: "minmax(0, 0.8fr)", cell: (row) => <code>{row.path}</code> },
    { id: "error", says: say("error"), width: "minmax(0, 1.4fr)", cell: (row) => <span className="soft">{row.error.message}</span> },
    { id: "since", says: say("since", { zone: zoneShown() }), width: "128px", isEnd: true, cell: (row) => row.raised_at && <When at={row.raised_at} /> },
    {
      id: "do",
      says: say("doing"),
      width: "96px",
      narrow: "96px",
      isEnd: true,
      cell: (row) => (
        <button
          type="button"
          className={css["resolve"]}
          onKeyDown={(event) => event.stopPropagation()}
          onClick={(event) => {
            event.stopPropagation();
            onResolve(row);
          }}
        >
          {say("resolve")}
        </button>
      ),
    },
  ];
}
