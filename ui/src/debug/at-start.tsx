/** Breakpoints that an execution has from its beginning on, in the dialog that starts it. */

import { type JSX, useState } from "react";
import type { Json } from "../api/exact";
import { boxesIn, outlineOf } from "../graph/outline";
import { Button, IconButton } from "../parts/button";
import { BreakpointFields } from "./breakpoint-fields";
import css from "./debug.module.css";
import type { BreakpointRequest } from "./data";
import { type Draft, draftAt, missing, requestOf } from "./draft";
import { Says } from "./says";
import { say } from "./words";

interface AtStartProps {
  /** Of the workflow. */
  readonly definition: Json;
  readonly breakpoints: readonly BreakpointRequest[];
  readonly onBreakpoints: (breakpoints: readonly BreakpointRequest[]) => void;
  /** What is typed and could be set; who starts it then means it, too. */
  readonly onTyped: (typed: BreakpointRequest | null) => void;
}

export function AtStart({ definition, breakpoints, onBreakpoints, onTyped }: AtStartProps): JSX.Element {
  const [nodes] = useState(() => [...boxesIn(outlineOf(definition))].map(({ path }) => path));
  const [variables] = useState(() => Object.keys(((definition as { readonly [key: string]: Json })["variables"] ?? {}) as object));
  const [draft, setDraft] = useState(() => draftAt(""));
  const [isTried, setTried] = useState(false);
  const type = (typed: Draft) => {
    setDraft(typed);
    onTyped(missing(typed) === null ? requestOf(typed) : null);
  };
  const add = () => {
    setTried(true);
    if (missing(draft) !== null) return;
    onBreakpoints([...breakpoints, requestOf(draft)]);
    type(draftAt(""));
    setTried(false);
  };
  return (
    <div className={css["atStart"]}>
      <p className="soft">{say("atStartSays")}</p>
      {breakpoints.length > 0 && (
        <ul className={css["list"]}>
          {breakpoints.map((one, at) => (
            <li key={at}>
              <Says on={one.variable === null ? one.on : "change"} target={one.variable ?? one.node ?? "*"} condition={one.if} halts={one.halts} timeout={one.timeout} />
              <IconButton icon="close" says={say("clearOf", { name: one.variable ?? one.node ?? "*" })} onClick={() => onBreakpoints(breakpoints.filter((_, other) => other !== at))} />
            </li>
          ))}
        </ul>
      )}
      <BreakpointFields draft={draft} onDraft={type} nodes={nodes} variables={variables} isTried={isTried} />
      <div>
        <Button icon="plus" onClick={add}>
          {say("set")}
        </Button>
      </div>
    </div>
  );
}
