/** What is different between two versions: by node, as one graph, and as texts. */

import type { JSX } from "react";
import { Differences, type Shown } from "../../compare/differences";
import { SelectField } from "../../parts/field";
import { Told } from "../../parts/told";
import { useDifference, useOutline, type Version } from "./data";
import css from "./page.module.css";
import type { WorkflowSearch } from "./route";
import { say } from "./words";

interface ComparedProps {
  readonly name: string;
  readonly versions: readonly Version[];
  readonly after: number;
  readonly search: WorkflowSearch;
  readonly onShow: (changed: WorkflowSearch) => void;
}

export function Compared({ name, versions, after, search, onShow }: ComparedProps): JSX.Element {
  const others = versions.filter(({ version }) => version !== after);
  const before = others.find(({ version }) => version === search.before)?.version ?? others.find(({ version }) => version < after)?.version ?? others.at(-1)?.version;
  if (before === undefined) return <p className={css["note"]}>{say("onlyOne")}</p>;
  const options = others.map(({ version, layout_only }) => ({ value: String(version), says: say("version", { n: version }) + (layout_only ? ` · ${say("layoutOnly")}` : "") }));
  return (
    <>
      <div className={css["compared"]}>
        <SelectField label={say("compareWith")} hideLabel options={options} value={String(before)} onChange={(to) => onShow({ before: Number(to) })} />
      </div>
      <Between name={name} before={before} after={after} search={search} onShow={onShow} />
    </>
  );
}

function Between({ name, before, after, search, onShow }: { name: string; before: number; after: number; search: WorkflowSearch; onShow: (changed: WorkflowSearch) => void }): JSX.Element | null {
  const found = useDifference(name, before, after);
  const [old, now] = [useOutline(name, before), useOutline(name, after)];
  const error = found.error ?? old.error ?? now.error;
  if (found.data === undefined || old.outline === null || now.outline === null) return error && <Told error={error} onRetry={() => void found.refetch()} />;
  const shown: Shown = { view: search.as ?? "nodes", isMovedShown: search.layout === "yes", node: search.node ?? null, closed: search.closed ?? [] };
  const show = (changed: Partial<Shown>) =>
    onShow({
      ...("view" in changed && { as: changed.view === "nodes" ? undefined : changed.view }),
      ...("isMovedShown" in changed && { layout: changed.isMovedShown ? ("yes" as const) : undefined }),
      ...("node" in changed && { node: changed.node ?? undefined }),
      ...("closed" in changed && { closed: changed.closed?.length ? [...changed.closed] : undefined }),
    });
  const { changes, text, text_of } = found.data;
  return (
    <div className={css["differences"]}>
      <Differences says={say("diffOf", { before, after })} changes={changes} before={old.outline} after={now.outline} text={text} textOf={text_of} shown={shown} onShow={show} />
    </div>
  );
}
