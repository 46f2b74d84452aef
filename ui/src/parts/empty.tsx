/** An empty place says what would be here, and shows the one command or button that fills it. */

import type { JSX, ReactNode } from "react";
import { Button } from "./button";
import css from "./empty.module.css";

interface EmptyProps {
  readonly title: string;
  readonly says?: ReactNode;
  readonly children?: ReactNode;
}

export function Empty({ title, says, children }: EmptyProps): JSX.Element {
  return (
    <div className={css["empty"]}>
      <h2>{title}</h2>
      {says && <p className="soft">{says}</p>}
      {children}
    </div>
  );
}

/** What an address names, and is not there: with the way back, as a phone shows nothing beside it. */
export function Missing({ title, says, back, onBack }: { title: string; says: ReactNode; back: string; onBack: () => void }): JSX.Element {
  return (
    <Empty title={title} says={says}>
      <Button icon="left" onClick={onBack}>
        {back}
      </Button>
    </Empty>
  );
}
