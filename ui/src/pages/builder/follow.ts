/** What the graph takes from the text beside it: which node the cursor is in, which ports there are, where something is wrong. */

import { type RefObject, useEffect, useEffectEvent, useRef } from "react";
import { type Placed, written } from "../../edit/place";
import type { Parsed } from "../../edit/parse";
import type { EditorHandle } from "../../edit/text-editor";
import type { Validity } from "../../edit/use-validity";
import { boxesIn, roomsIn } from "../../graph/outline";
import type { BuilderSearch } from "./route";

export interface Caret {
  /** The cursor was moved, or something typed: the node that it is in is chosen, once the graph is of the text that is there. */
  readonly moved: () => void;
  /** A node was chosen: the cursor goes there, once it is known where that is. */
  readonly goTo: (path: string) => void;
  /** Something else was chosen meanwhile. */
  readonly forget: () => void;
}

export function useCaret(editor: RefObject<EditorHandle | null>, good: Parsed | null, isBroken: boolean, chosen: string | undefined, onShow: (changed: BuilderSearch) => void): Caret {
  /** The path of a node, or null for whatever the cursor is in. */
  const waits = useRef<{ readonly path: string | null } | null>(null);
  const settle = () => {
    const shown = editor.current;
    if (isBroken || good === null || shown === null || waits.current === null || good.text !== shown.text()) return;
    const { path } = waits.current;
    waits.current = null;
    const span = path === null ? undefined : good.spans.get(path);
    if (span !== undefined) shown.goTo(span, true);
    if (path !== null) return;
    const found = boxAt(good, shown.cursor());
    if (found !== chosen) onShow({ node: found, edge: undefined });
  };
  const settled = useEffectEvent(settle);
  useEffect(() => settled(), [isBroken, good, editor]);
  const wait = (path: string | null) => {
    waits.current = { path };
    settle();
  };
  return { moved: () => wait(null), goTo: wait, forget: () => void (waits.current = null) };
}

/** The innermost box whose text is around a place. */
function boxAt({ spans }: Parsed, at: number): string | undefined {
  let found: { path: string; size: number } | undefined;
  for (const [path, { from, to }] of spans) if (from <= at && at <= to && (found === undefined || to - from < found.size)) found = { path, size: to - from };
  return found?.path;
}

/** Ports of nodes, by the paths of their boxes, as the server has said them last. */
export function usePorts(validity: Validity | null, good: Parsed | null): Readonly<Record<string, readonly string[]>> {
  const last = useRef<Readonly<Record<string, readonly string[]>>>({});
  if (validity !== null && good !== null) {
    const said = Object.fromEntries([...boxesIn(good.outline)].flatMap(({ path, where }) => (validity.ports[written(where)] === undefined ? [] : [[path, validity.ports[written(where)] ?? []]])));
    if (JSON.stringify(said) !== JSON.stringify(last.current)) last.current = said;
  }
  return last.current;
}

/** The boxes and edges in which something is wrong. */
export function wrongIn(problems: readonly Placed[] | null, good: Parsed | null): ReadonlySet<string> {
  const errors = (problems ?? []).filter(({ severity }) => severity === "error");
  const paths = errors.map(({ problem }) => problem.path);
  const links = good === null ? [] : [...roomsIn(good.outline)].flatMap(({ where, links: own }) => own.filter(({ at }) => paths.some((path) => isAt(path, written([...where, "edges", at])))).map(({ id }) => id)); // prettier-ignore
  return new Set([...errors.flatMap(({ box }) => (box === null ? [] : [box])), ...links]);
}

function isAt(path: string, at: string): boolean {
  return path === at || path.startsWith(`${at}.`);
}
