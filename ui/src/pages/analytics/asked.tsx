/** What is asked for: a time, a workflow, a version, a node. All of it stands in the address. */

import type { JSX } from "react";
import { Button } from "../../parts/button";
import css from "./page.module.css";
import { LASTS } from "./ranges";
import type { AnalyticsSearch } from "./route";
import { Times, Typed, WorkflowField } from "./typed";
import { say } from "./words";

interface AskedProps {
  readonly search: AnalyticsSearch;
  readonly onShow: (changed: AnalyticsSearch) => void;
}

export function Asked({ search, onShow }: AskedProps): JSX.Element {
  const { workflow, version, node } = search;
  const isNarrowed = workflow !== undefined || node !== undefined;
  return (
    <div className={css["asked"]}>
      <Times lasts={LASTS} first="24h" search={search} says={(last) => say(`last${last}`)} onShow={onShow} />
      <WorkflowField workflow={workflow} onShow={(chosen) => onShow({ workflow: chosen, version: undefined, node: undefined })} />
      {workflow !== undefined && <Typed label={say("version")} value={version === undefined ? "" : String(version)} type="number" onValue={(value) => onShow({ version: value === "" ? undefined : Number(value) })} />}
      <Typed label={say("node")} hint={say("nodeOf")} value={node ?? ""} type="text" onValue={(value) => onShow({ node: value || undefined })} />
      {isNarrowed && (
        <Button look="bare" onClick={() => onShow({ workflow: undefined, version: undefined, node: undefined })}>
          {say("clear")}
        </Button>
      )}
    </div>
  );
}
