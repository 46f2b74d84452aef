/** A connector: its actions, how it shows who asks, who uses it, and who has published which version. */

import { Link } from "@tanstack/react-router";
import { type JSX, useMemo, useRef } from "react";
import { Problem } from "../../api/problem";
import { useOffered } from "../../frame/commands";
import { Button } from "../../parts/button";
import { Missing } from "../../parts/empty";
import { SelectField, TextField } from "../../parts/field";
import listed from "../../parts/listed.module.css";
import { type Column, Table } from "../../parts/table";
import { Tabs } from "../../parts/tabs";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { ActionView } from "./action";
import { type Kept, type Shown, useConnector, useVersions } from "./data";
import css from "./page.module.css";
import { type ConnectorsSearch, TABS } from "./route";
import { type Action, type Connector, kindOf, type Scheme } from "./said";
import { say } from "./words";

type Show = (changed: ConnectorsSearch, replace?: boolean) => void;

interface ConnectorViewProps {
  readonly name: string;
  readonly search: ConnectorsSearch;
  readonly onShow: Show;
  readonly onBack: () => void;
}

export function ConnectorView({ name, search, onShow, onBack }: ConnectorViewProps): JSX.Element {
  const found = useConnector(name, search.version);
  const versions = useVersions(name);
  const it = found.data;
  if (it === undefined) {
    const isMissing = found.error instanceof Problem && found.error.status === 404 && search.version === undefined;
    if (isMissing) return <Missing title={say("missingTitle", { name })} says={say("missingSays")} back={say("back")} onBack={onBack} />;
    return <div className={listed["view"]}>{found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}</div>;
  }
  const said = it.connector as unknown as Connector;
  const tab = search.tab ?? "actions";
  const counts = { actions: it.actions, auth: Object.keys(said.auth ?? {}).length, uses: it.used_by.length, versions: versions.length };
  const options = versions.map(({ version }, at) => ({ value: String(version), says: say(at === 0 ? "latest" : "nth", { n: version }) }));
  return (
    <article className={css["connector"]} aria-label={name}>
      <div className={css["head"]}>
        <Button className={listed["back"]} icon="left" onClick={onBack}>
          {say("back")}
        </Button>
        <h2 className={listed["title"]} translate="no">
          {name}
        </h2>
        <div className={css["which"]}>
          <SelectField label={say("ofWhich", { name })} hideLabel value={String(it.version)} options={options} onChange={(to) => onShow({ version: Number(to) === versions[0]?.version ? undefined : Number(to) })} />
        </div>
        <code>{it.base_url}</code>
        {it.description !== null && <p className={css["description"]}>{it.description}</p>}
      </div>
      <Tabs says={say("tabs", { name })} tabs={TABS.map((id) => ({ id, says: say(id), count: counts[id] }))} shown={tab} onShow={(id) => onShow({ tab: id === "actions" ? undefined : id })}>
        {tab === "actions" ? (
          <Actions said={said} search={search} onShow={onShow} />
        ) : tab === "auth" ? (
          <Auth schemes={said.auth ?? {}} />
        ) : tab === "uses" ? (
          <Uses of={it.used_by} />
        ) : (
          <Versions versions={versions} chosen={it.version} onShow={onShow} />
        )}
      </Tabs>
    </article>
  );
}

type Row = readonly [name: string, action: Action];

function Actions({ said, search: { action, find = "" }, onShow }: { said: Connector; search: ConnectorsSearch; onShow: Show }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useOffered([{ id: "find", says: say("focusFind"), keys: "/", group: say("title"), run: () => input.current?.focus() }]);
  const rows = useMemo(() => {
    const words = find.toLowerCase().split(/\s+/).filter(Boolean); // prettier-ignore
    return Object.entries(said.actions).filter(([name, { method, path, summary }]) => words.every((word) => `${name} ${method} ${path} ${summary ?? ""}`.toLowerCase().includes(word)));
  }, [said, find]);
  const chosen = action === undefined ? undefined : said.actions[action];
  if (action !== undefined) {
    return (
      <div className={css["one"]}>
        <div>
          <Button icon="left" onClick={() => onShow({ action: undefined })}>
            {say("allActions")}
          </Button>
        </div>
        {chosen === undefined ? <p className="soft">{say("noSuchAction", { action })}</p> : <ActionView connector={said} name={action} action={chosen} />}
      </div>
    );
  }
  return (
    <div className={css["actions"]}>
      <div className={css["find"]}>
        <TextField ref={input} label={say("find")} hideLabel placeholder={say("find")} value={find} onChange={(event) => onShow({ find: event.target.value || undefined }, true)} />
      </div>
      {rows.length === 0 ? <p className={css["note"]}>{say("noAction")}</p> : <Table says={say("actions")} columns={columns()} rows={rows} keyOf={([name]) => name} onOpen={([name]) => onShow({ action: name })} />}
    </div>
  );
}

function columns(): readonly Column<Row>[] {
  return [
    { id: "method", says: say("method"), width: "68px", narrow: "60px", cell: ([, { method }]) => <code>{method}</code> },
    { id: "name", says: say("action"), width: "minmax(120px, 1.2fr)", narrow: "minmax(0, 1fr)", cell: ([name]) => <span className={listed["name"]}>{name}</span> },
    { id: "path", says: say("path"), width: "minmax(0, 1.4fr)", cell: ([, { path }]) => <code>{path}</code> },
    { id: "summary", says: say("summary"), width: "minmax(0, 1.4fr)", cell: ([, { summary }]) => <span className="soft">{summary}</span> },
    { id: "pages", says: say("pages"), width: "64px", cell: ([, { paging }]) => paging?.by },
  ];
}

function Auth({ schemes }: { schemes: Readonly<Record<string, Scheme>> }): JSX.Element {
  const all = Object.entries(schemes);
  if (all.length === 0) return <p className={css["note"]}>{say("noSchemes")}</p>;
  return (
    <div className={css["one"]}>
      <p className="soft">
        {say("schemesSays")} <Link to="/credentials">{say("toCredentials")}</Link>
      </p>
      <table className={css["plain"]}>
        <thead>
          <tr>
            <th>{say("scheme")}</th>
            <th>{say("kind")}</th>
            <th>{say("place")}</th>
          </tr>
        </thead>
        <tbody>
          {all.map(([name, scheme]) => (
            <tr key={name}>
              <td>
                <code>{name}</code>
                {scheme.description && <p className="soft">{scheme.description}</p>}
              </td>
              <td>
                <code>{kindOf(scheme)}</code>
              </td>
              <td>
                <code>{scheme.type === "api_key" ? say("inPlace", { place: scheme.in ?? "header", name: scheme.name ?? "" }) : (scheme.token_url ?? "")}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Uses({ of }: { of: Shown["used_by"] }): JSX.Element {
  if (of.length === 0) return <p className={css["note"]}>{say("nobody")}</p>;
  return (
    <ul className={css["uses"]}>
      {of.map(({ workflow, version, connector_version, actions }) => (
        <li key={`${workflow} ${connector_version}`}>
          <Link to="/workflows/$name" params={{ name: workflow }}>
            {workflow}
          </Link>{" "}
          <span className="soft">{say("pins", { version, connector: connector_version })}</span> <code>{actions.join(", ")}</code>
        </li>
      ))}
    </ul>
  );
}

function Versions({ versions, chosen, onShow }: { versions: readonly Kept[]; chosen: number; onShow: Show }): JSX.Element {
  return (
    <ol className={css["versions"]}>
      {versions.map(({ version, published_at, published_by, hash }) => (
        <li key={version} aria-current={version === chosen}>
          <Button look="bare" onClick={() => onShow({ version: version === versions[0]?.version ? undefined : version, tab: undefined })}>
            {say("nth", { n: version })}
          </Button>
          <When at={published_at} />
          <span>{published_by}</span>
          <code title={hash}>{hash.slice(0, 12)}</code>
        </li>
      ))}
    </ol>
  );
}
