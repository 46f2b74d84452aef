/** A workflow: its versions, each as graph, as the text that was published, and compared with another one. */

import { Link, useNavigate } from "@tanstack/react-router";
import { type JSX, useMemo, useState } from "react";
import { Problem } from "../../api/problem";
import { useItems } from "../../frame/commands";
import { Head } from "../../frame/head";
import { DefinitionGraph } from "../../graph/definition-graph";
import { folded } from "../../graph/fold";
import { Button } from "../../parts/button";
import { Empty } from "../../parts/empty";
import { Guard } from "../../parts/guard";
import { Numbered } from "../../parts/numbered";
import { Split } from "../../parts/split";
import { Tabs } from "../../parts/tabs";
import { Told } from "../../parts/told";
import { StartDialog } from "../../start/start-dialog";
import { Actions } from "./actions";
import { useOutline, useSource, useVersions, type Version } from "./data";
import { Compared } from "./compared";
import { Covered } from "./covered";
import css from "./page.module.css";
import { TABS, workflow, type WorkflowSearch } from "./route";
import { VersionList } from "./version-list";
import { say } from "./words";

export function WorkflowPage(): JSX.Element {
  const { name } = workflow.useParams();
  const found = useVersions(name);
  if (found.data !== undefined) return <Known key={name} name={name} versions={found.data} />;
  const { error } = found;
  const isUnknown = error instanceof Problem && error.status === 404;
  return (
    <>
      <Head title={name} />
      {isUnknown && (
        <Empty title={say("notFound", { name })} says={error.message}>
          <Link to="/workflows">{say("all")}</Link>
        </Empty>
      )}
      {error !== null && !isUnknown && <Told error={error} onRetry={() => void found.refetch()} />}
    </>
  );
}

function Known({ name, versions }: { name: string; versions: readonly Version[] }): JSX.Element {
  const search = workflow.useSearch();
  const navigate = useNavigate({ from: workflow.fullPath });
  const show = (changed: WorkflowSearch) => void navigate({ search: (before) => ({ ...before, ...changed }) });
  const [isStarting, setStarting] = useState(false);
  const active = versions.find(({ status }) => status === "active");
  const chosen = versions.find(({ version }) => version === search.version) ?? active ?? versions[0];
  useItems(active ? [{ id: "start", says: say("start"), run: () => setStarting(true) }] : [], name);
  if (chosen === undefined) return <Head title={name} />;
  const tab = search.tab ?? "graph";
  return (
    <div className={css["page"]}>
      <Head title={name} says={<span>{active ? say("startsWith", { n: active.version }) : say("archived")}</span>}>
        <Actions name={name} chosen={chosen} active={active} versions={versions} />
        <Button onClick={() => void navigate({ to: "/workflows/$name/edit", params: { name }, search: {} })}>{say("edit")}</Button>
        {active && (
          <Button look="main" icon="play" onClick={() => setStarting(true)}>
            {say("start")}
          </Button>
        )}
      </Head>
      <Split name="workflow.right" says={say("bottom")} second="right" size={320} least={200}>
        <Tabs says={say("views", { n: chosen.version })} tabs={TABS.map((id) => ({ id, says: say(id) }))} shown={tab} onShow={(id) => show({ tab: id === "graph" ? undefined : id })}>
          <div className={css["fill"]}>
            <Guard of={`${tab} ${chosen.version}`}>
              {tab === "graph" && <Drawn name={name} version={chosen.version} search={search} onShow={show} />}
              {tab === "text" && <Source name={name} version={chosen.version} />}
              {tab === "coverage" && <Covered name={name} version={chosen.version} search={search} onShow={show} />}
              {tab === "diff" && <Compared name={name} versions={versions} after={chosen.version} search={search} onShow={show} />}
            </Guard>
          </div>
        </Tabs>
        <VersionList versions={versions} chosen={chosen.version} onChoose={(version) => show({ version: version === active?.version ? undefined : version, before: undefined, node: undefined })} />
      </Split>
      {isStarting && <StartDialog name={name} onClose={() => setStarting(false)} />}
    </div>
  );
}

interface DrawnProps {
  readonly name: string;
  readonly version: number;
  readonly search: WorkflowSearch;
  readonly onShow: (changed: WorkflowSearch) => void;
}

function Drawn({ name, version, search, onShow }: DrawnProps): JSX.Element | null {
  const { outline, hash, error } = useOutline(name, version);
  const closed = useMemo(() => new Set(search.closed), [search.closed]);
  if (outline === null) return error === null ? null : <Told error={error} />;
  return (
    <div className={css["graph"]}>
      <DefinitionGraph says={say("graphOf", { name, n: version })} of={hash} outline={outline} chosen={search.node ?? null} onChoose={(node) => onShow({ node: node ?? undefined })} closed={closed} onFold={(path) => onShow({ closed: folded(closed, path) })} />
    </div>
  );
}

function Source({ name, version }: { name: string; version: number }): JSX.Element | null {
  const found = useSource(name, version);
  if (found.data === undefined) return found.error === null ? null : <Told error={found.error} />;
  return (
    <>
      {!found.data.isSource && <p className={css["note"]}>{say("noSource")}</p>}
      <Numbered says={say("textOf", { name, n: version })} text={found.data.text} />
    </>
  );
}
