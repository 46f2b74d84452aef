/** The gallery: definitions to begin with, each with its graph and a form of what is to be filled in; a draft is made of one. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type JSX, useEffect, useMemo, useRef, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useOffered } from "../../frame/commands";
import { Head } from "../../frame/head";
import { Button } from "../../parts/button";
import { names } from "../../parts/class-names";
import { Empty } from "../../parts/empty";
import { TextField } from "../../parts/field";
import { Guard } from "../../parts/guard";
import { Split } from "../../parts/split";
import { Told } from "../../parts/told";
import type { Template } from "./filled";
import css from "./page.module.css";
import { templates, type TemplatesSearch } from "./route";
import { Shown } from "./shown";
import { say } from "./words";

export function TemplatesPage(): JSX.Element {
  const search = templates.useSearch();
  const navigate = useNavigate({ from: templates.fullPath });
  const show = (changed: TemplatesSearch) => void navigate({ search: (before) => ({ ...before, ...changed }), replace: "find" in changed });
  const found = useQuery({ queryKey: ["templates"], structuralSharing: false, queryFn: ({ signal }) => ask(api.GET("/v1/templates", { signal })) });
  const all = found.data?.templates;
  const shown = useMemo(() => (all ?? []).filter((one) => isLike(one, search.find ?? "")), [all, search.find]);
  const chosen = shown.find(({ id }) => id === search.template) ?? shown[0];
  return (
    <div className={css["page"]}>
      <Head title={say("title")} says={all && <span>{say("count", { n: all.length })}</span>}>
        <Button icon="plus" onClick={() => void navigate({ to: "/workflows/new", search: {} })}>
          {say("empty")}
        </Button>
      </Head>
      {all === undefined && found.error && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && (
        <Split name="templates.right" says={say("border")} second="right" size={Math.round(window.innerWidth * 0.68)} least={240}>
          <div className={css["side"]}>
            <Find find={search.find ?? ""} onFind={(find) => show({ find: find || undefined })} />
            <ul className={css["list"]} aria-label={say("list")}>
              {shown.map((one) => (
                <Item key={one.id} template={one} isChosen={one === chosen} onChoose={() => show({ template: one.id, node: undefined, closed: undefined })} />
              ))}
            </ul>
            <Broken broken={found.data.broken} />
          </div>
          {chosen === undefined ? (
            <Empty title={say("none")}>
              <Button onClick={() => show({ find: undefined })}>{say("clear")}</Button>
            </Empty>
          ) : (
            <Guard of={chosen.id}>
              <Shown key={chosen.id} template={chosen} search={search} onShow={show} />
            </Guard>
          )}
        </Split>
      )}
    </div>
  );
}

/** Whether each word that is looked for stands in its title, description, tags or name. */
function isLike({ title, description, tags, name }: Template, find: string): boolean {
  const text = [title, description, name, ...tags].join("\n").toLowerCase();
  return find.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function Find({ find, onFind }: { find: string; onFind: (find: string) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(find);
  useEffect(() => setTyped((before) => (before.trim() === find ? before : find)), [find]);
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

function Item({ template: { title, description, tags, origin }, isChosen, onChoose }: { template: Template; isChosen: boolean; onChoose: () => void }): JSX.Element {
  return (
    <li>
      <button type="button" className={names(css["item"], isChosen && css["chosen"])} aria-current={isChosen} onClick={onChoose}>
        <span className={css["title"]}>{title}</span>
        {origin === "own" && <span className={css["tag"]}>{say("own")}</span>}
        {tags.map((tag) => (
          <span key={tag} className={css["tag"]}>
            {tag}
          </span>
        ))}
        <span className={css["description"]}>{description}</span>
      </button>
    </li>
  );
}

function Broken({ broken }: { broken: Schemas["Templates"]["broken"] }): JSX.Element | null {
  if (broken.length === 0) return null;
  return (
    <section className={css["broken"]} aria-label={say("broken", { n: broken.length })}>
      <h2>{say("broken", { n: broken.length })}</h2>
      <ul>
        {broken.map(({ file, problem }) => (
          <li key={file}>
            <code translate="no">{file}</code> <span translate="no">{problem}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
