/** A moment, in the one zone that is set; all of it when the mouse rests. */

import type { JSX } from "react";
import { useSettings } from "../look/settings";
import { longTime, shortTime } from "./time";

export function When({ at }: { at: string }): JSX.Element {
  useSettings();
  return (
    <time dateTime={at} title={longTime(at)}>
      {shortTime(at)}
    </time>
  );
}
