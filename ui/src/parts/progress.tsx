/** How much of something is done. */

import type { JSX } from "react";
import css from "./progress.module.css";

interface ProgressProps {
  readonly says: string;
  /** From 0 to 1; null where nobody knows. */
  readonly share: number | null;
}

export function Progress({ says, share }: ProgressProps): JSX.Element {
  return (
    <div className={css["progress"]} role="progressbar" aria-label={says} aria-valuemin={0} aria-valuemax={100} aria-valuenow={share === null ? undefined : Math.round(share * 100)}>
      <div style={{ width: `${Math.max(0, Math.min(1, share ?? 0)) * 100}%` }} />
    </div>
  );
}
