/** A prompt: what a version of it says, what is different from another one, and who has published which. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { Problem } from "../../api/problem";
import { Button } from "../../parts/button";
import { Missing } from "../../parts/empty";
import { SelectField } from "../../parts/field";
import listed from "../../parts/listed.module.css";
import { Tabs } from "../../parts/tabs";
import { TextDiff } from "../../parts/text-diff";
import { Told } from "../../parts/told";
import { When } from "../../parts/when";
import { type Kept, useDifference, usePrompt, useVersions } from "./data";
import css from "./page.module.css";
import { type PromptsSearch, TABS } from "./route";
import { Texts } from "./texts";
import { say } from "./words";

interface PromptViewProps {
  readonly name: string;
  readonly search: PromptsSearch;
  readonly onShow: (changed: PromptsSearch) => void;
  readonly onBack: () => void;
}

export function PromptView({ name, search, onShow, onBack }: PromptViewProps): JSX.Element {
  const found = usePrompt(name, search.version);
  const versions = useVersions(name);
  const it = found.data;
  if (it === undefined) {
    const isMissing = found.error instanceof Problem && found.error.status === 404 && search.version === undefined;
    if (isMissing) return <Missing title={say("missingTitle", { name })} says={say("missingSays")} back={say("back")} onBack={onBack} />;
    return <div className={listed["view"]}>{found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}</div>;
  }
  const tab = search.tab ?? "says";
  const options = versions.map(({ version }, at) => ({ value: String(version), says: say(at === 0 ? "latest" : "nth", { n: version }) }));
  return (
    <article className={css["prompt"]} aria-label={name}>
      <div className={css["head"]}>
        <Button className={listed["back"]} icon="left" onClick={onBack}>
          {say("back")}
        </Button>
        <h2 className={listed["title"]} translate="no">
          {name}
        </h2>
        <div className={css["which"]}>
          <SelectField label={say("ofWhich", { name })} hideLabel value={String(it.version)} options={options} onChange={(to) => onShow({ version: Number(to) === versions[0]?.version ? undefined : Number(to), before: undefined })} />
        </div>
        <Link to="/analytics/models" search={{ prompt: search.version === undefined ? name : `${name}@${it.version}` }}>
          {say("costs")}
        </Link>
        {it.description !== null && <p className={css["description"]}>{it.description}</p>}
      </div>
      <Tabs says={say("tabs", { name })} tabs={TABS.map((id) => ({ id, says: say(id), ...(id === "versions" && { count: versions.length }) }))} shown={tab} onShow={(id) => onShow({ tab: id === "says" ? undefined : id })}>
        {tab === "says" ? <Texts of={it} /> : tab === "diff" ? <Compared name={name} versions={versions} after={it.version} before={search.before} onShow={onShow} /> : <Versions versions={versions} chosen={it.version} onShow={onShow} />}
      </Tabs>
    </article>
  );
}

interface ComparedProps {
  readonly name: string;
  readonly versions: readonly Kept[];
  readonly after: number;
  readonly before: number | undefined;
  readonly onShow: (changed: PromptsSearch) => void;
}

function Compared({ name, versions, after, before, onShow }: ComparedProps): JSX.Element {
  const others = versions.filter(({ version }) => version !== after);
  const other = others.find(({ version }) => version === before)?.version ?? others.find(({ version }) => version < after)?.version ?? others[0]?.version;
  if (other === undefined) return <p className={css["note"]}>{say("onlyOne")}</p>;
  return (
    <div className={css["compared"]}>
      <div className={css["with"]}>
        <SelectField label={say("compareWith")} value={String(other)} options={others.map(({ version }) => ({ value: String(version), says: say("nth", { n: version }) }))} onChange={(to) => onShow({ before: Number(to) })} />
      </div>
      <Between name={name} before={other} after={after} />
    </div>
  );
}

function Between({ name, before, after }: { name: string; before: number; after: number }): JSX.Element | null {
  const found = useDifference(name, before, after);
  if (found.data === undefined) return found.error && <Told error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <>
      <p className={css["note"]}>
        {say("changed", { fields: found.data.fields.join(", ") })}
      </p>
      <TextDiff says={say("diffOf", { before, after })} text={found.data.text} />
    </>
  );
}

function Versions({ versions, chosen, onShow }: { versions: readonly Kept[]; chosen: number; onShow: (changed: PromptsSearch) => void }): JSX.Element {
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
