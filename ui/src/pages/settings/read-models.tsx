/** Read models: what each has, what it lacks, and having its rows made anew, with how far that is. */

import { type JSX, useState } from "react";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Progress } from "../../parts/progress";
import { Told } from "../../parts/told";
import { toast } from "../../parts/toast";
import { type ReadModel, rebuild, useAgain, useReadModels } from "./data";
import css from "./page.module.css";
import { say } from "./words";

export function ReadModels(): JSX.Element {
  const found = useReadModels();
  const again = useAgain();
  const [wanted, setWanted] = useState<string | null>(null);
  const models = found.data?.read_models;
  const go = async () => {
    if (wanted === null) return;
    await rebuild(wanted);
    toast({ says: say("rebuilding", { name: called(wanted) }) });
    again();
  };
  return (
    <div className={css["view"]}>
      <p className="soft">{say("readModelsSay")}</p>
      {found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {models !== undefined && (
        <>
          <Button className={css["all"]} onClick={() => setWanted("all")}>
            {say("rebuildAllDots")}
          </Button>
          <ul className={css["models"]}>
            {models.map((model) => (
              <Model key={model.name} of={model} onRebuild={() => setWanted(model.name)} />
            ))}
          </ul>
        </>
      )}
      {wanted !== null && (
        <Confirm title={`${say("rebuild")}: ${called(wanted)}`} does={say("rebuild")} onDo={go} onClose={() => setWanted(null)}>
          <p>{say("rebuildDoes", { name: called(wanted) })}</p>
        </Confirm>
      )}
    </div>
  );
}

function Model({ of: { name, version, rows, bytes, lag, differing, building, is_whole }, onRebuild }: { of: ReadModel; onRebuild: () => void }): JSX.Element {
  const share = building === null ? null : Number(building.done) / Math.max(1, Number(building.end));
  return (
    <li aria-label={name}>
      <strong translate="no">
        {name} <span className="soft">{version}</span>
      </strong>
      <span>
        <span className="soft">{say("rows")}</span> {Number(rows).toLocaleString()}
      </span>
      <span>
        {bytes !== null && <span className="soft">{say("size")}</span>} {bytes !== null && size(Number(bytes))}
      </span>
      <span>
        <span className="soft">{say("lag")}</span> {Number(lag) === 0 ? say("nothing") : say("records", { n: Number(lag) })}
      </span>
      <span>
        <span className="soft">{say("lastRebuild")}</span> {is_whole ? (differing === null ? say("never") : say("differed", { n: Number(differing) })) : say("first")}
      </span>
      <Button aria-label={`${say("rebuildDots")} ${name}`} aria-disabled={building !== null} onClick={() => building === null && onRebuild()}>
        {say("rebuildDots")}
      </Button>
      {building !== null && (
        <div className={css["building"]}>
          <Progress says={name} share={share} />
          <span className="soft">{say("making", { done: Number(building.done), end: Number(building.end) })}</span>
        </div>
      )}
    </li>
  );
}

function called(name: string): string {
  return name === "all" ? say("all") : name;
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** step).toLocaleString(undefined, { maximumFractionDigits: step === 0 ? 0 : 1 })} ${units[step] ?? ""}`;
}
