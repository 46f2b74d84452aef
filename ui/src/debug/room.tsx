/** Beside the page of an execution that halts, has halted, or has breakpoints: the bar that says where it halts, signs in its graph, keys, and that one goes along with the steps. */

import { type JSX, useEffect, useRef } from "react";
import { useOffered } from "../frame/commands";
import { definitionPath } from "../graph/run-path";
import type { Sign } from "../graph/view";
import { toast } from "../parts/toast";
import { Acts, type Known, useStep } from "./acts";
import css from "./debug.module.css";
import { type Breakpoint, type Debugger, type Halt, signsOf, useActs, useDebugger } from "./data";
import { draftAt, requestOf } from "./draft";
import { Where } from "./where";
import { say } from "./words";

export interface RoomProps {
  readonly id: string;
  /** How far the trace goes. */
  readonly version: number;
  /** The box that is chosen, by its path in the definition. */
  readonly chosen: string | null;
  /** The event that the reel is at, where that is not now. */
  readonly past: number | null;
  readonly known: Known;
  readonly onSigns: (signs: ReadonlyMap<string, Sign>) => void;
  readonly onRun: (run: string) => void;
  readonly onMore: () => void;
}

export function Room({ id, version, chosen, past, known, onSigns, onRun, onMore }: RoomProps): JSX.Element | null {
  const found = useDebugger(id, version).data;
  const isPast = past !== null;
  useEffect(() => onSigns(signsOf(found, isPast)), [found, isPast, onSigns]);
  useEffect(() => () => onSigns(new Map()), [onSigns]);
  useFollow(found, chosen, isPast, onRun);
  const halts = found?.halts ?? [];
  const halt = halts.find(({ path }) => chosen !== null && definitionPath(path) === chosen) ?? halts[0];
  useKeys(id, found, halt, chosen);
  if (found === undefined || halt === undefined) return null;
  return (
    <section className={css["bar"]} aria-label={say("bar")}>
      <div className={css["said"]} role="status">
        <Where halt={halt} onRun={onRun} />
        {halts.length > 1 && (
          <button type="button" className={css["node"]} onClick={onMore}>
            {say("moreHalts", { n: halts.length - 1 })}
          </button>
        )}
        {past !== null && <span className={css["changed"]}>{say("fromPast", { at: past })}</span>}
      </div>
      <Acts id={id} halt={halt} mayChange={found.may_change} count={halts.length} known={known} />
    </section>
  );
}

/** Who looked at a node that halted, and goes on, looks at the one that halts next; who looks at the past stays there. */
function useFollow(found: Debugger | undefined, chosen: string | null, isPast: boolean, onRun: (run: string) => void): void {
  const seen = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (found === undefined) return;
    const before = seen.current;
    const now = new Set(found.halts.map(({ path }) => path));
    if (now.size === 0 && before !== null) return; // between two halts it halts nowhere
    seen.current = now;
    const next = found.halts.find(({ path }) => !(before?.has(path) ?? false));
    const stood = chosen === null || [...(before ?? [])].some((path) => definitionPath(path) === chosen && !now.has(path));
    if (next !== undefined && stood && !isPast) onRun(next.path);
  }, [found]);
}

/** The keys of steps, and the one that sets a breakpoint at what is chosen. */
function useKeys(id: string, found: Debugger | undefined, halt: Halt | undefined, chosen: string | null): void {
  const acts = useActs(id);
  const step = useStep(acts);
  const group = say("title");
  const may = found?.may_change ?? true; // where nobody has asked yet, the server says it when it is asked
  const there = found?.breakpoints.find((one) => isAt(one, chosen));
  const toggle = async (node: string) => {
    await (there === undefined ? acts.set(requestOf(draftAt(node))) : acts.clear(there.name));
    toast({ says: say(there === undefined ? "wasSet" : "wasCleared", { node }) });
  };
  const wrong = (error: Error) => toast({ says: error.message });
  useOffered([
    ...(chosen === null || (!may && there === undefined) ? [] : [{ id: "break", says: say("breakHere", { node: chosen }), keys: "b", group, run: () => void toggle(chosen).catch(wrong) }]),
    ...(halt === undefined ? [] : [{ id: "continue", says: say("continue"), keys: "d c", group, run: () => step(halt, "continue") }]),
    ...(halt === undefined || !may
      ? []
      : [
          { id: "over", says: say("over"), keys: "d o", group, run: () => step(halt, "over") },
          ...(halt.has_body ? [{ id: "into", says: say("into"), keys: "d i", group, run: () => step(halt, "into") }] : []),
          { id: "out", says: say("out"), keys: "d u", group, run: () => step(halt, "out") },
        ]),
  ]);
}

function isAt({ node, on }: Breakpoint, chosen: string | null): boolean {
  return on === "begin" && node !== null && node === chosen;
}
