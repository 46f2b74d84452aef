/** Says that an execution is a test run: a word, and no colour, as it is no state. */

import type { JSX } from "react";
import { say } from "../words/en";
import css from "./test-mark.module.css";

export function TestMark(): JSX.Element {
  return (
    <span className={css["mark"]} title={say("testRunSays")}>
      {say("testRun")}
    </span>
  );
}
