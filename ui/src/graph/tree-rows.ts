/** The graph as an outline: its boxes one below the other, each body indented, and where each leads. Pure. */

import { isLabelled } from "./measures";
import { type Box, type Link, linksIn, type Room } from "./outline";

export interface TreeRow {
  /** The path of its box, or of its body; no two are the same. */
  readonly key: string;
  /** `null` for a body that has a name of its own. */
  readonly box: Box | null;
  readonly says: string;
  /** From 1. */
  readonly level: number;
  /** Which of those beside it, from 1, and of how many. */
  readonly at: number;
  readonly of: number;
  /** The row that it is in. */
  readonly around: string | null;
  /** Whether what it holds is there; null where it holds nothing. */
  readonly isOpen: boolean | null;
}

/** Those that are in no closed container, in the order of the definition. */
export function treeRows(outline: Room, closed: ReadonlySet<string>): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const put = (room: Room, level: number, around: string | null, from: number, of: number): void => {
    for (const [at, box] of room.boxes.entries()) {
      const isOpen = box.rooms.length === 0 ? null : !closed.has(box.path);
      rows.push({ key: box.path, box, says: box.says, level, at: from + at + 1, of, around, isOpen });
      if (isOpen) putRooms(box, level + 1);
    }
  };
  const putRooms = (box: Box, level: number): void => {
    const beside = box.rooms.reduce((sum, room) => sum + (isLabelled(room) ? 1 : room.boxes.length), 0);
    let before = 0;
    for (const room of box.rooms) {
      if (!isLabelled(room)) {
        put(room, level, box.path, before, beside);
        before += room.boxes.length;
        continue;
      }
      before += 1;
      rows.push({ key: room.path, box: null, says: room.label, level, at: before, of: beside, around: box.path, isOpen: room.boxes.length === 0 ? null : true });
      put(room, level + 1, room.path, 0, room.boxes.length);
    }
  };
  put(outline, 1, null, 0, outline.boxes.length);
  return rows;
}

/** By the path of a box: the edges that leave it. */
export function leadsOf(outline: Room): ReadonlyMap<string, readonly Link[]> {
  const leads = new Map<string, Link[]>();
  for (const link of linksIn(outline)) {
    const before = leads.get(link.from);
    if (before === undefined) leads.set(link.from, [link]);
    else before.push(link);
  }
  return leads;
}

/** What a key does to a row: which row it leads to, or that the row opens or closes; undefined where it does nothing. */
export function treeStep(rows: readonly TreeRow[], at: number, key: string): { readonly to: number } | { readonly fold: string } | undefined {
  const row = rows[at];
  if (row === undefined) return ["ArrowDown", "Home"].includes(key) && rows.length > 0 ? { to: 0 } : ["ArrowUp", "End"].includes(key) && rows.length > 0 ? { to: rows.length - 1 } : undefined;
  const moves: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
  const to = moves[key];
  if (to !== undefined) return to >= 0 && to < rows.length ? { to } : undefined;
  if (key === "ArrowRight" && row.isOpen === true) return { to: at + 1 };
  if (key === "ArrowRight" && row.isOpen === false) return { fold: row.key };
  if (key === "ArrowLeft" && row.isOpen === true && row.box !== null) return { fold: row.key };
  if (key === "ArrowLeft" && row.around !== null) return { to: rows.findIndex((one) => one.key === row.around) };
  if (key.length === 1 && key !== " ") return letter(rows, at, key);
  return undefined;
}

/** The next row that begins with a letter, from the top again behind the last. */
function letter(rows: readonly TreeRow[], at: number, key: string): { readonly to: number } | undefined {
  for (let by = 1; by <= rows.length; by += 1) {
    const to = (at + by) % rows.length;
    if (rows[to]?.says.toLowerCase().startsWith(key.toLowerCase())) return { to };
  }
  return undefined;
}
