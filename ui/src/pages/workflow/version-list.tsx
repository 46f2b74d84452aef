/** The versions of a workflow, the latest first: one of them is looked at. */

import type { JSX } from "react";
import { names } from "../../parts/class-names";
import { When } from "../../parts/when";
import type { Version } from "./data";
import css from "./page.module.css";
import { say } from "./words";

interface VersionListProps {
  readonly versions: readonly Version[];
  readonly chosen: number;
  readonly onChoose: (version: number) => void;
}

export function VersionList({ versions, chosen, onChoose }: VersionListProps): JSX.Element {
  return (
    <section className={css["side"]} aria-label={say("versions")}>
      <h2 className={css["heading"]}>{say("versions")}</h2>
      <ol className={css["versions"]} tabIndex={-1}>
        {versions.map(({ version, status, published_at, published_by, layout_only }) => (
          <li key={version}>
            <button type="button" className={names(css["version"], version === chosen && css["chosen"])} aria-current={version === chosen} onClick={() => onChoose(version)}>
              <span className={css["number"]}>{say("version", { n: version })}</span>
              {status === "active" && <span className={css["mark"]}>{say("active")}</span>}
              {layout_only && (
                <span className={css["moved"]} title={say("layoutOnlySays")}>
                  {say("layoutOnly")}
                </span>
              )}
              <span className={css["who"]}>
                {published_at && <When at={published_at} />} · {published_by ?? say("someone")}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
