/** A unified diff as people read it: what came and what went, with the numbers of lines on both sides. No colour: that means a state. */

import type { JSX } from "react";
import { names } from "./class-names";
import { type DiffLine, diffLines } from "./diff-lines";
import css from "./text-diff.module.css";

interface TextDiffProps {
  readonly says: string;
  /** As `diff -u` writes it. */
  readonly text: string;
}

const SIGNS: Readonly<Record<DiffLine["kind"], string>> = { same: " ", added: "+", removed: "−", gap: "⋯" };

export function TextDiff({ says, text }: TextDiffProps): JSX.Element {
  return (
    <div className={css["diff"]} role="group" aria-label={says} tabIndex={0} translate="no">
      <div className={css["lines"]}>
        {diffLines(text).map((line, at) => (
          <div key={at} className={names(css["line"], css[line.kind])}>
            <span className={css["number"]}>{line.before ?? ""}</span>
            <span className={css["number"]}>{line.after ?? ""}</span>
            <span className={css["sign"]}>{SIGNS[line.kind]}</span>
            {line.kind === "added" ? <ins>{line.text}</ins> : line.kind === "removed" ? <del>{line.text}</del> : line.text}
          </div>
        ))}
      </div>
    </div>
  );
}
