/** What can be done with a workflow besides starting it: activate another version, archive it. */

import { useNavigate } from "@tanstack/react-router";
import { type JSX, lazy, Suspense, useState } from "react";
import { api, ask } from "../../api/client";
import { useItems } from "../../frame/commands";
import { Confirm } from "../../parts/confirm";
import { Menu, type MenuItem } from "../../parts/menu";
import { toast } from "../../parts/toast";
import { useAgain, type Version } from "./data";
import { Brief } from "./brief";
import { Running } from "./running";
import { say } from "./words";

const MigrateDialog = lazy(async () => ({ default: (await import("./migrate-dialog")).MigrateDialog }));

interface ActionsProps {
  readonly name: string;
  readonly chosen: Version;
  readonly active: Version | undefined;
  readonly versions: readonly Version[];
}

export function Actions({ name, chosen, active, versions }: ActionsProps): JSX.Element {
  const [doing, setDoing] = useState<"activate" | "archive" | "migrate" | null>(null);
  const again = useAgain(name);
  const navigate = useNavigate();
  const { version } = chosen;
  const activates = say(active !== undefined && version < active.version ? "rollBack" : "activate", { n: version });
  const close = () => setDoing(null);
  const activate = async () => {
    await ask(api.POST("/v1/workflows/{name}/activate", { params: { path: { name } }, body: { version } }));
    toast({ says: say("activated", { name, n: version }) });
    again();
  };
  const archive = async () => {
    await ask(api.POST("/v1/workflows/{name}/archive", { params: { path: { name } } }));
    toast({ says: say("archivedNow", { name }) });
    again();
  };
  const items = [
    { id: "executions", says: say("executions"), icon: "executions", run: () => void navigate({ to: "/executions", search: { workflow: name } }) },
    { id: "activate", says: activates, not: version === active?.version ? say("isActive") : undefined, run: () => setDoing("activate") },
    { id: "migrate", says: say("migrate"), not: versions.length < 2 ? say("onlyOneToGo") : undefined, run: () => setDoing("migrate") },
    { id: "archive", says: say("archive"), not: active === undefined ? say("isArchived") : undefined, run: () => setDoing("archive") },
  ] as const satisfies readonly MenuItem[];
  useItems(items, name);
  return (
    <>
      <Menu says={say("does")} items={items} />
      {doing === "activate" && (
        <Confirm title={activates} does={activates} onDo={activate} onClose={close}>
          <p>{say("activateSays", { n: version })}</p>
          <Running name={name} />
          {active && <Brief name={name} before={active.version} after={version} />}
        </Confirm>
      )}
      {doing === "migrate" && (
        <Suspense>
          <MigrateDialog
            name={name}
            versions={versions.map((one) => one.version)}
            from={version}
            to={active?.version ?? version}
            onStarted={(operation) => void navigate({ to: "/executions", search: { workflow: name, operation } })}
            onClose={close}
          />
        </Suspense>
      )}
      {doing === "archive" && (
        <Confirm title={`${say("archive")}: ${name}`} does={say("archive")} onDo={archive} onClose={close}>
          <p>{say("archiveSays", { name })}</p>
        </Confirm>
      )}
    </>
  );
}
