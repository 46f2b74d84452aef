/** An empty place says what would be here, and shows the one command or button that fills it. */

import type { JSX, ReactNode } from "react";
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
