/** What another version does otherwise than the active one, by node. */

import { type JSX, useMemo, useState } from "react";
import { ChangeList } from "../../compare/change-list";
import { compare } from "../../compare/compare";
import { Told } from "../../parts/told";
import { useDifference } from "./data";
import css from "./page.module.css";
import { say } from "./words";

export function Brief({ name, before, after }: { name: string; before: number; after: number }): JSX.Element | null {
  const found = useDifference(name, before, after);
  const [isMovedShown, showMoved] = useState(false);
  const comparison = useMemo(() => (found.data === undefined ? null : compare(found.data.changes, null, null)), [found.data]);
  if (comparison === null) return found.error && <Told error={found.error} />;
  return (
    <div className={css["brief"]} role="group" aria-label={say("diffOf", { before, after })} tabIndex={0}>
      <ChangeList comparison={comparison} isMovedShown={isMovedShown} onMoved={showMoved} />
    </div>
  );
}
