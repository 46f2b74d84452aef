/** What the last executions took of a version: its graph, warmer where more went, and a list of what none took. */

import { type JSX, useMemo } from "react";
import { DefinitionGraph } from "../../graph/definition-graph";
import { folded } from "../../graph/fold";
import type { Room } from "../../graph/outline";
import { SelectField } from "../../parts/field";
import { Told } from "../../parts/told";
import { useCoverage, useOutline } from "./data";
import { boxAt, type Coverage, heated } from "./heat";
import css from "./page.module.css";
import type { WorkflowSearch } from "./route";
import { say } from "./words";

/** Of how many it may be counted; without a choice the first. */
const LASTS = [1_000, 100, 10_000] as const;

interface CoveredProps {
  readonly name: string;
  readonly version: number;
  readonly search: WorkflowSearch;
  readonly onShow: (changed: WorkflowSearch) => void;
}

export function Covered({ name, version, search, onShow }: CoveredProps): JSX.Element {
  const last = LASTS.find((one) => one === search.last) ?? LASTS[0];
  const found = useCoverage(name, version, last);
  const { outline, hash, error } = useOutline(name, version);
  const wrong = found.error ?? error;
  const options = [...LASTS].sort((one, other) => one - other).map((n) => ({ value: String(n), says: say("lastOf", { n }) }));
  return (
    <>
      <div className={css["compared"]}>
        <SelectField label={say("last")} options={options} value={String(last)} onChange={(to) => onShow({ last: Number(to) === LASTS[0] ? undefined : Number(to) })} />
        <p role="status">{found.data === undefined ? (wrong === null ? say("counting") : "") : summary(found.data, last)}</p>
      </div>
      {wrong !== null && <Told error={wrong} onRetry={() => void found.refetch()} />}
      {found.data !== undefined && outline !== null && <Shown says={say("coverageOf", { name, n: version })} hash={hash} outline={outline} coverage={found.data} search={search} onShow={onShow} />}
    </>
  );
}

function summary({ executions, version, parts }: Coverage, last: number): string {
  if (executions === 0) return say("coveredNone", { n: last, version });
  const each = parts.filter(({ there }) => there > 0).map(({ taken, there, sort }) => say("coveredPart", { taken, there, sort: saySort(sort) }));
  return say("covered", { n: executions, parts: each.join(", ") });
}

function saySort(sort: string): string {
  return sort === "error edges" ? say("errorEdges") : say(sort as "nodes" | "edges" | "cases");
}

function sayShare(share: number): string {
  return share === 0 ? say("never") : share < 0.01 ? say("shareFew") : say("share", { n: Math.floor(share * 100) });
}

interface ShownProps {
  readonly says: string;
  readonly hash: string;
  readonly outline: Room;
  readonly coverage: Coverage;
  readonly search: WorkflowSearch;
  readonly onShow: (changed: WorkflowSearch) => void;
}

function Shown({ says, hash, outline, coverage, search, onShow }: ShownProps): JSX.Element {
  const closed = useMemo(() => new Set(search.closed), [search.closed]);
  const warm = useMemo(() => heated(outline, coverage, sayShare), [outline, coverage]);
  return (
    <>
      <div className={css["graph"]}>
        <DefinitionGraph says={says} of={hash} outline={warm} chosen={search.node ?? null} onChoose={(node) => onShow({ node: node ?? undefined })} closed={closed} onFold={(path) => onShow({ closed: folded(closed, path) })} />
      </div>
      {coverage.executions > 0 && (
        <section className={css["dead"]} aria-label={say("dead")} tabIndex={0}>
          <h2>{say("dead")}</h2>
          {coverage.never_taken.length === 0 && <p className="soft">{say("deadNone")}</p>}
          <ul>
            {coverage.never_taken.map(({ sort, name }) => (
              <Dead key={`${sort} ${name}`} sort={sort} name={name} box={boxAt(outline, sort, name)} onChoose={(node) => onShow({ node })} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Dead({ sort, name, box, onChoose }: { sort: string; name: string; box: string | null; onChoose: (box: string) => void }): JSX.Element {
  return (
    <li>
      <span className="soft">{saySort(sort)}</span>{" "}
      {box === null ? (
        <code>{name}</code>
      ) : (
        <button type="button" className={css["place"]} onClick={() => onChoose(box)}>
          <code>{name}</code>
        </button>
      )}
    </li>
  );
}
