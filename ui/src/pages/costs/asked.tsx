/** What is asked for: a time, a workflow, a node, a model, a prompt. All of it stands in the address. */

import type { JSX } from "react";
import { Button } from "../../parts/button";
import { SelectField } from "../../parts/field";
import css from "../analytics/page.module.css";
import type { Range } from "../analytics/ranges";
import { Times, Typed, WorkflowField } from "../analytics/typed";
import { useChoices } from "./data";
import { type CostsSearch, LASTS } from "./route";
import { say } from "./words";

export const ANY = { workflow: undefined, version: undefined, node: undefined, model: undefined, prompt: undefined } as const satisfies CostsSearch;

interface AskedProps {
  readonly search: CostsSearch;
  readonly range: Range;
  readonly onShow: (changed: CostsSearch) => void;
}

export function Asked({ search, range, onShow }: AskedProps): JSX.Element {
  const { workflow, version, node, model, prompt } = search;
  const { models, prompts } = useChoices(search, range);
  const isNarrowed = [workflow, node, model, prompt].some((one) => one !== undefined);
  return (
    <div className={css["asked"]}>
      <Times lasts={LASTS} first="30d" search={search} says={(last) => say(`last${last}`)} onShow={onShow} />
      <WorkflowField workflow={workflow} onShow={(chosen) => onShow({ workflow: chosen, version: undefined, node: undefined })} />
      {workflow !== undefined && <Typed label={say("version")} value={version === undefined ? "" : String(version)} type="number" onValue={(value) => onShow({ version: value === "" ? undefined : Number(value) })} />}
      <Some says={say("model")} any={say("anyModel")} all={models} chosen={model} onChoose={(chosen) => onShow({ model: chosen })} />
      <Some says={say("prompt")} any={say("anyPrompt")} all={prompts} chosen={prompt} onChoose={(chosen) => onShow({ prompt: chosen })} />
      <Typed label={say("node")} hint={say("nodeOf")} value={node ?? ""} type="text" onValue={(value) => onShow({ node: value || undefined })} />
      {isNarrowed && (
        <Button look="bare" onClick={() => onShow(ANY)}>
          {say("clear")}
        </Button>
      )}
    </div>
  );
}

interface SomeProps {
  readonly says: string;
  readonly any: string;
  readonly all: readonly string[];
  readonly chosen: string | undefined;
  readonly onChoose: (chosen: string | undefined) => void;
}

function Some({ says, any, all, chosen, onChoose }: SomeProps): JSX.Element {
  const known = chosen !== undefined && !all.includes(chosen) ? [chosen, ...all] : all;
  return <SelectField label={says} hideLabel value={chosen ?? ""} onChange={(value) => onChoose(value || undefined)} options={[{ value: "", says: any }, ...known.map((value) => ({ value, says: value }))]} />;
}
