/** Names and what stands for each: the facts of something, one below the other. */

import type { JSX, ReactNode } from "react";
import css from "./pairs.module.css";

interface PairsProps {
  /** What is null or undefined is left out. */
  readonly of: readonly (readonly [string, ReactNode])[];
}

export function Pairs({ of }: PairsProps): JSX.Element {
  return (
    <dl className={css["pairs"]}>
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
