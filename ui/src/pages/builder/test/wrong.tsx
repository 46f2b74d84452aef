/** What was refused, where it stands, with the way out. */

import type { JSX } from "react";
import type { Found } from "../../../api/problem";
import css from "./panel.module.css";

export function Wrong({ problems }: { problems: readonly Found[] | undefined }): JSX.Element | null {
  if (problems === undefined || problems.length === 0) return null;
  return (
    <ul className={css["wrong"]} translate="no">
      {problems.map((one, at) => (
        <li key={at}>
          {one.message}
          {one.fix && <>; {one.fix}</>}
        </li>
      ))}
    </ul>
  );
}
