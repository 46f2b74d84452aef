/** What all fields of a form have to do with: what the text says around them, and how it is changed. */

import { type RefObject, useMemo } from "react";
import type { Json } from "../../api/exact";
import type { Where } from "../../graph/outline";
import { toast } from "../../parts/toast";
import type { Around, Catalog } from "../complete/around";
import { standingOf } from "../complete/options";
import { namesAt } from "../complete/reach";
import { asMap, type Known } from "../complete/schema";
import type { Placed } from "../place";
import { read } from "../splice/source";
import { CannotSplice, type Splice } from "../splice/splice";
import { nodeAt } from "../splice/walk";
import type { EditorHandle } from "../text-editor";
import type { Asking } from "./control";
import type { Sample } from "./use-preview";
import type { Standing } from "./use-typed";
import { say } from "./words";
import { type Change, renameOf, type Seen, spliceOf } from "./written";

export interface Desk {
  readonly asking: Asking;
  readonly around: Around;
  readonly problems: readonly Placed[];
  readonly sample: Sample | null;
  readonly standing: Standing;
  /** Changes the value at a path, or takes it out; false where that cannot be done at the moment, or something else was `seen` there. */
  readonly write: (path: Where, change: Change, seen?: Seen) => boolean;
  /** The same, once: says where it cannot be done. */
  readonly change: (path: Where, change: Change, seen?: Seen) => void;
  /** Another name for the last key of a path; says where it cannot be. */
  readonly rename: (path: Where, to: string) => void;
  /** Shows the text at a path, and puts the cursor there. */
  readonly open: (path: Where) => void;
}

interface DeskProps {
  /** Of what it is a form: where its map stands, and what that says. */
  readonly where: Where;
  readonly value: Json;
  readonly of: string;
  readonly editor: RefObject<EditorHandle | null>;
  readonly catalog: Catalog;
  readonly around: Around;
  readonly problems: readonly Placed[];
  readonly sample: Sample | null;
}

export function useDesk({ where, value, of, editor, catalog, around, problems, sample }: DeskProps): Desk {
  const known = useMemo((): Known => (path) => textsOf(path.length < where.length ? at(around.definition, path) : at(value, path.slice(where.length))), [value, where, around]);
  const variables = useMemo(() => [...(namesAt(around.definition, around.outline, standingOf([...where, "config"], around), around.recorded).get("vars")?.fields.keys() ?? [])], [around, where]);
  const write = (path: Where, change: Change, seen?: Seen) => put(editor.current, (text) => spliceOf(text, of, where, path, change, seen));
  const once = (isDone: boolean) => {
    if (!isDone) toast({ says: say("notNow") });
  };
  return {
    asking: { catalog, known, kindOf: (node) => catalog.kinds.get(known(node)["type"] ?? ""), variables },
    around,
    problems,
    sample,
    standing: { of, isCurrent: () => editor.current?.text() === of },
    write,
    change: (path, change, seen) => once(write(path, change, seen)),
    rename: (path, to) => once(put(editor.current, (text) => renameOf(text, of, where, path, to))),
    open: (path) => show(editor.current, path),
  };
}

/** Changes the text; false where that cannot be done: it is broken, or what the change is of, or was made from, is there no more. */
function put(editor: EditorHandle | null, make: (text: string) => readonly Splice[] | null): boolean {
  if (editor === null) return false;
  const text = editor.text();
  if (!isWhole(text)) return false;
  try {
    const splices = make(text);
    if (splices !== null && splices.length > 0) editor.change(splices);
    return splices !== null;
  } catch (error) {
    if (!(error instanceof CannotSplice)) throw error;
    toast({ says: error.message });
    return true;
  }
}

/** Whether the text can be read as it is; it is not while somebody types there. */
export function isWhole(text: string): boolean {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
}

function show(editor: EditorHandle | null, path: Where): void {
  if (editor === null) return;
  const source = read(editor.text());
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const range = nodeAt(source, path.slice(0, depth))?.range;
    if (range == null) continue;
    editor.goTo({ from: range[0], to: range[1] });
    break;
  }
  editor.focus();
}

function textsOf(value: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asMap(value)).flatMap(([name, one]) => (typeof one === "string" ? [[name, one]] : [])));
}

function at(value: Json, path: Where): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) found = Array.isArray(found) ? (found as readonly Json[])[Number(key)] : asMap(found)[String(key)];
  return found;
}
