/** The state of a trigger: paused is one of the engine's, the others are words. */

import type { JSX } from "react";
import { State } from "../../parts/state";
import type { Trigger } from "./data";
import { say } from "./words";

export function StateOf({ status }: { status: Trigger["status"] }): JSX.Element {
  return status === "paused" ? <State status="paused" /> : <span>{say(status)}</span>;
}
