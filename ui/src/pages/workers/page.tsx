/** Who does the work, what they have in hand, what nobody takes, and who owns what of the log. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { ROOT } from "../../api/place";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { ChoicePage } from "../../parts/choice";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { type Column, Table } from "../../parts/table";
import { zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { ClusterView } from "./cluster";
import { useCluster, useWaiting, type Worker } from "./data";
import css from "./page.module.css";
import { TABS, workers } from "./route";
import { say } from "./words";

export function WorkersPage(): JSX.Element {
  const { tab = "workers" } = workers.useSearch();
  const navigate = useNavigate();
  useSettings(); // the zone stands in heads of columns
  const { data: cluster, error, refetch } = useCluster();
  return (
    <>
      <Head title={say("title")} says={cluster !== undefined && cluster.workers.length > 0 && <span>{say("found", { n: cluster.workers.length })}</span>} />
      <ChoicePage
        label={say("which")}
        options={TABS.map((value) => ({ value, says: say(`${value}Tab`) }))}
        chosen={tab}
        onChoose={(chosen) => void navigate({ to: "/workers", search: { tab: chosen === "workers" ? undefined : chosen } })}
      >
        {cluster === undefined && error !== null && <Told error={error} onRetry={() => void refetch()} />}
        {cluster !== undefined && tab === "workers" && <Workers workers={cluster.workers} />}
        {cluster !== undefined && tab === "tasks" && <Tasks workers={cluster.workers} />}
        {cluster !== undefined && tab === "cluster" && <ClusterView cluster={cluster} />}
      </ChoicePage>
    </>
  );
}

function Workers({ workers }: { workers: readonly Worker[] }): JSX.Element {
  return (
    <>
      <Nobody />
      {workers.length === 0 ? (
        <Empty title={say("noWorkers")} says={say("noWorkersSays")}>
          <Command line={`refold worker examples.activities --server ${ROOT.origin}`} />
        </Empty>
      ) : (
        <Table says={say("workersTab")} columns={workerColumns()} rows={workers} keyOf={(row) => `${row.node} ${row.worker}`} />
      )}
    </>
  );
}

/** What waits, and nobody who is connected takes. */
function Nobody(): JSX.Element | null {
  const waiting = useWaiting().data ?? [];
  if (waiting.length === 0) return null;
  return (
    <section className={css["nobody"]} aria-label={say("nobody")} tabIndex={0}>
      <h2>{say("nobody")}</h2>
      <p className="soft">{say("nobodySays")}</p>
      <ul>
        {waiting.map(({ kind, queue, count }) => (
          <li key={`${queue} ${kind}`}>
            <code>{kind}</code> · {say("queue")} <code>{queue}</code> · {say("waiting", { n: count })}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tasks({ workers }: { workers: readonly Worker[] }): JSX.Element {
  const navigate = useNavigate();
  const rows = workers.flatMap(({ worker, tasks }) => tasks.map((task) => ({ worker, ...task })));
  if (rows.length === 0) return <Empty title={say("noTasks")} says={say("noTasksSays")} />;
  return (
    <Table
      says={say("tasksTab")}
      columns={taskColumns()}
      rows={rows}
      keyOf={(row) => `${row.worker} ${row.task}`}
      onOpen={(row) => void navigate({ to: "/executions/$id", params: { id: row.execution_id }, search: { node: row.path } })}
    />
  );
}

function workerColumns(): readonly Column<Worker>[] {
  return [
    { id: "worker", says: say("worker"), width: "minmax(120px, 1.2fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={css["name"]}>{row.worker}</span> },
    { id: "state", says: say("state"), width: "88px", narrow: "80px", cell: (row) => say(row.connected ? "connected" : "away") },
    { id: "queues", says: say("queues"), width: "minmax(0, 0.8fr)", cell: (row) => <code>{row.queues.join(", ")}</code> },
    { id: "kinds", says: say("kinds"), width: "minmax(0, 1.6fr)", cell: (row) => <code title={row.kinds.join(", ")}>{row.kinds.join(", ")}</code> },
    { id: "running", says: say("running"), width: "64px", narrow: "56px", isEnd: true, cell: (row) => row.running },
    { id: "node", says: say("heldBy"), width: "minmax(0, 0.7fr)", cell: (row) => <span className="soft">{row.node}</span> },
    { id: "seen", says: say("lastSeen", { zone: zoneShown() }), width: "144px", isEnd: true, cell: (row) => <When at={row.last_seen} /> },
  ];
}

function taskColumns(): readonly Column<Worker["tasks"][number] & { readonly worker: string }>[] {
  return [
    { id: "execution", says: say("execution"), width: "minmax(140px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.execution_id}</code> },
    { id: "path", says: say("node"), width: "minmax(0, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.path}</code> },
    { id: "kind", says: say("kind"), width: "minmax(0, 0.8fr)", cell: (row) => <code>{row.kind}</code> },
    { id: "attempt", says: say("attempt"), width: "72px", isEnd: true, cell: (row) => row.attempt },
    { id: "worker", says: say("worker"), width: "minmax(0, 1fr)", cell: (row) => <span className="soft">{row.worker}</span> },
    { id: "since", says: say("since", { zone: zoneShown() }), width: "136px", narrow: "112px", isEnd: true, cell: (row) => <When at={row.since} /> },
  ];
}
