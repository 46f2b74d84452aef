/** The head of a page: what one looks at, what it says of itself, and what can be done. */

import type { JSX, ReactNode } from "react";
import { useEffect } from "react";
import { say } from "../words/en";
import css from "./head.module.css";

interface HeadProps {
  readonly title: string;
  /** Beside the title: an id, a state, a count. */
  readonly says?: ReactNode;
  /** At the other end: what can be done, the main thing last. */
  readonly children?: ReactNode;
}

export function Head({ title, says, children }: HeadProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · ${say("name")}`;
  }, [title]);
  return (
    <header className={css["head"]}>
      <h1 tabIndex={-1}>{title}</h1>
      {says && <div className={css["says"]}>{says}</div>}
      {children && <div className={css["does"]}>{children}</div>}
    </header>
  );
}
