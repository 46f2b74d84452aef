/** What the graph takes from the text beside it: which node the cursor is in, which ports there are, where something is wrong. */

import { type RefObject, useEffect, useEffectEvent, useRef } from "react";
import { type Placed, written } from "../../edit/place";
import type { Parsed } from "../../edit/parse";
import type { EditorHandle } from "../../edit/text-editor";
import type { Validity } from "../../edit/use-validity";
import { boxesIn, roomsIn } from "../../graph/outline";
import type { BuilderSearch } from "./route";

/** The node that the cursor is in is chosen, once the graph is of the text that is there. */
export function useCaret(editor: RefObject<EditorHandle | null>, good: Parsed | null, isBroken: boolean, chosen: string | undefined, onShow: (changed: BuilderSearch) => void): (at: number) => void {
  const waits = useRef<number | null>(null);
  const follow = (at: number) => {
    let found: { path: string; size: number } | undefined;
    for (const [path, { from, to }] of good?.spans ?? []) if (from <= at && at <= to && (found === undefined || to - from < found.size)) found = { path, size: to - from };
    if (found?.path !== chosen) onShow({ node: found?.path, edge: undefined });
  };
  const followed = useEffectEvent(follow);
  useEffect(() => {
    if (isBroken || good === null || waits.current === null || good.text !== editor.current?.text()) return;
    followed(waits.current);
    waits.current = null;
  }, [isBroken, good, editor]);
  return (at) => {
    if (!isBroken && good !== null && good.text === editor.current?.text()) follow(at);
    else waits.current = at;
  };
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
