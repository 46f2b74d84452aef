/** What is different between two versions: each change by the id of its node, and the texts. */

import type { JSX } from "react";
import type { Json } from "../../api/exact";
import { write } from "../../api/exact";
import { Check } from "../../parts/check";
import { SelectField } from "../../parts/field";
import { TextDiff } from "../../parts/text-diff";
import { Told } from "../../parts/told";
import { type Difference, useDifference, type Version } from "./data";
import css from "./page.module.css";
import type { WorkflowSearch } from "./route";
import { say, sayChange, sayWhat } from "./words";

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
  const isLayout = search.layout === "yes";
  const found = useDifference(name, before, after, isLayout);
  if (before === undefined) return <p className={css["note"]}>{say("onlyOne")}</p>;
  const options = others.map(({ version, layout_only }) => ({ value: String(version), says: say("version", { n: version }) + (layout_only ? ` · ${say("layoutOnly")}` : "") }));
  return (
    <>
      <div className={css["compared"]}>
        <SelectField label={say("compareWith")} hideLabel options={options} value={String(before)} onChange={(to) => onShow({ before: Number(to) })} />
        <Check label={say("layout")} checked={isLayout} onCheck={(checked) => onShow({ layout: checked ? "yes" : undefined })} />
      </div>
      {found.error !== null && found.data === undefined && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && <Changes difference={found.data} />}
    </>
  );
}

function Changes({ difference }: { difference: Difference }): JSX.Element {
  const { changes, text, text_of, before, after } = difference;
  if (changes.length === 0 && text === "") return <p className={css["note"]}>{say("same")}</p>;
  return (
    <div className={css["differences"]}>
      <h2>{say("changes", { n: changes.length })}</h2>
      <ul className={css["changes"]}>
        {changes.slice(0, CHANGES_MAX).map(({ change, what, id, path, before: was, after: is }, at) => (
          <li key={at}>
            <span className="soft">
              {sayWhat(what)} {sayChange(change)}
            </span>{" "}
            <code translate="no">{path || id}</code>
            {change === "changed" && (
              <code translate="no" className={css["values"]}>
                <del>{shortened(was)}</del> → <ins>{shortened(is)}</ins>
              </code>
            )}
          </li>
        ))}
      </ul>
      <p className="soft">{say(text_of === "source" ? "ofSource" : "ofDefinition")}</p>
      <TextDiff says={say("diffOf", { before, after })} text={text} />
    </div>
  );
}

const CHANGES_MAX = 500;
const VALUE_MAX = 120;

function shortened(value: unknown): string {
  const text = write(value as Json);
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
}
