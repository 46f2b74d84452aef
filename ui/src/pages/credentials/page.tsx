/** The secrets that are kept, without their values: all of them, and one beside them. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { ROOT } from "../../api/place";
import { useOffered } from "../../frame/commands";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { Button } from "../../parts/button";
import { Command } from "../../parts/command";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { useNarrow } from "../../parts/narrow";
import { Split } from "../../parts/split";
import { type Column, Table } from "../../parts/table";
import { zoneShown } from "../../parts/time";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { Create } from "./create";
import { CredentialView } from "./credential";
import { type Credential, useAgain, useCredentials } from "./data";
import { Came } from "./outcome";
import listed from "../../parts/listed.module.css";
import { credentials, type CredentialsSearch } from "./route";
import { say } from "./words";

export function CredentialsPage(): JSX.Element {
  const { chosen, outcome } = credentials.useSearch();
  const navigate = useNavigate();
  const isNarrow = useNarrow();
  useSettings(); // the zone stands in heads of columns
  const found = useCredentials();
  const again = useAgain();
  const [isMaking, setMaking] = useState(false);
  const rows = found.data ?? null;
  const show = (search: CredentialsSearch) => void navigate({ to: "/credentials", search });
  const make = () => setMaking(true);
  useOffered([{ id: "create", says: say("createDots"), keys: "c", group: say("title"), run: make }]);
  const list = (
    <div className={listed["list"]}>
      {rows === null && found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {rows !== null && rows.length === 0 && <NoneYet onMake={make} />}
      {rows !== null && rows.length > 0 && <Table says={say("title")} columns={columns()} rows={rows} keyOf={(row) => row.name} onOpen={(row) => show({ chosen: row.name })} />}
    </div>
  );
  const view = chosen !== undefined && (
    <Guard of={chosen}>
      <CredentialView key={chosen} name={chosen} onBack={() => show({})} />
    </Guard>
  );
  return (
    <>
      <Head title={say("title")} says={rows !== null && rows.length > 0 && <span>{say("found", { n: rows.length })}</span>}>
        <Button icon="plus" onClick={make}>
          {say("createDots")}
        </Button>
      </Head>
      {outcome !== undefined && <Came name={chosen ?? ""} outcome={outcome} onRead={() => show({ chosen })} />}
      {view === false ? (
        list
      ) : isNarrow ? (
        view
      ) : (
        <Split name="credentials" says={say("title")} second="right" size={560} least={320}>
          {list}
          {view}
        </Split>
      )}
      {isMaking && (
        <Create
          onClose={() => setMaking(false)}
          onDone={async (name) => {
            await again();
            show({ chosen: name });
          }}
        />
      )}
    </>
  );
}

function NoneYet({ onMake }: { onMake: () => void }): JSX.Element {
  return (
    <Empty title={say("emptyTitle")} says={say("emptySays")}>
      <Button look="main" onClick={onMake}>
        {say("createDots")}
      </Button>
      <Command line={`refold credentials create crm --kind bearer --server ${ROOT.href.replace(/\/$/, "")}`} />
    </Empty>
  );
}

function columns(): readonly Column<Credential>[] {
  return [
    { id: "name", says: say("name"), width: "minmax(120px, 1.4fr)", narrow: "minmax(0, 1fr)", cell: (row) => <span className={listed["name"]}>{row.name}</span> },
    { id: "kind", says: say("kind"), width: "72px", narrow: "64px", cell: (row) => <code>{row.kind}</code> },
    { id: "version", says: say("version"), width: "56px", isEnd: true, cell: (row) => row.version },
    { id: "written", says: say("written", { zone: zoneShown() }), width: "128px", isEnd: true, cell: (row) => <When at={row.versions.at(-1)?.written_at ?? ""} /> },
    { id: "by", says: say("by"), width: "minmax(72px, 0.7fr)", cell: (row) => row.versions.at(-1)?.written_by },
    { id: "used", says: say("lastUse", { zone: zoneShown() }), width: "128px", narrow: "112px", isEnd: true, cell: (row) => row.last_use && <When at={row.last_use.at} /> },
    { id: "needs", says: say("usedBy"), width: "minmax(0, 1fr)", cell: (row) => <span className="soft">{[...new Set(row.needed_by?.map((need) => need.name))].join(", ")}</span> },
    { id: "allowed", says: say("allowed"), width: "minmax(0, 0.8fr)", cell: (row) => <span className="soft">{row.workflows.join(", ") || say("allWorkflows")}</span> },
  ];
}
