/** The cluster: its processes, and the partitions of the log with who owns each and how far behind the read models are. */

import type { JSX } from "react";
import { Pairs } from "../../parts/pairs";
import { type Column, Table } from "../../parts/table";
import { duration, zoneShown } from "../../parts/time";
import { When } from "../../parts/when";
import type { Cluster, Partition, Process } from "./data";
import css from "./page.module.css";
import { say } from "./words";

export function ClusterView({ cluster: { node, leader, processes, partitions } }: { cluster: Cluster }): JSX.Element {
  return (
    <>
      <section className={css["facts"]} aria-label={say("processes")} tabIndex={0}>
        <p>{say("answeredBy", { node })}</p>
        {leader !== null && <p className="soft">{say("leader", { node: leader })}</p>}
        <h2>{say("processes")}</h2>
        {processes.map((process) => (
          <Pairs key={process.incarnation} of={factsOf(process)} />
        ))}
        <h2>{say("partitions")}</h2>
      </section>
      <Table says={say("partitions")} columns={columns()} rows={partitions} keyOf={(row) => String(row.partition)} />
    </>
  );
}

function factsOf({ node, address, roles, state, version, last_heard }: Process): Parameters<typeof Pairs>[0]["of"] {
  return [
    [say("process"), <span key="p" className={css["name"]}>{node}</span>],
    [say("state"), say(state)],
    [say("address"), address && <code key="a">{address}</code>],
    [say("roles"), roles.join(", ")],
    [say("version"), version],
    [say("lastHeard", { zone: zoneShown() }), last_heard && <When key="l" at={last_heard} />],
  ];
}

/** Who owns it; while it is handed over, also who is to own it. */
function ownerOf({ owner, assigned_to }: Partition): string {
  const shown = owner ?? say("none");
  return assigned_to === null || assigned_to === owner ? shown : say("handedOver", { owner: shown, to: assigned_to });
}

function columns(): readonly Column<Partition>[] {
  return [
    { id: "partition", says: say("partition"), width: "80px", narrow: "72px", isEnd: true, cell: (row) => row.partition },
    { id: "owner", says: say("owner"), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: ownerOf },
    { id: "lag", says: say("lag"), width: "112px", narrow: "88px", isEnd: true, cell: (row) => row.lag !== null && say("records", { n: row.lag }) },
    { id: "open", says: say("open"), width: "80px", narrow: "48px", isEnd: true, cell: (row) => row.open },
    { id: "takeover", says: say("takeover"), width: "120px", isEnd: true, cell: (row) => row.takeover_ms !== null && duration(row.takeover_ms) },
  ];
}
