/** Two definitions as one picture: what is there now, and what was taken out where it was; each box and edge says what became of it. Pure. */

import type { Box, BoxMark, Link, Room } from "../graph/outline";
import type { Comparison } from "./compare";

/** Containers that came or went take what is in them along. */
export function unionOf(before: Room, after: Room, { nodes }: Comparison): Room {
  const marks = new Map<string, BoxMark>();
  for (const { path, is, from } of nodes) if (path !== null && is !== "moved") marks.set(path, { is, from });
  return unite(before, after);

  function unite(was: Room, now: Room): Room {
    const pathOf = pathsOf(was, now, marks);
    const old = new Map(was.boxes.map((box) => [pathOf(box.path), box]));
    const boxes = now.boxes.map((box) => both(old.get(box.path), box));
    for (const [at, box] of was.boxes.entries()) {
      if (boxes.some(({ path }) => path === pathOf(box.path))) continue;
      const previous = was.boxes.slice(0, at).findLast(({ path }) => boxes.some((one) => one.path === pathOf(path)));
      const behind = previous === undefined ? 0 : boxes.findIndex(({ path }) => path === pathOf(previous.path)) + 1;
      boxes.splice(behind, 0, wholly(box, "removed"));
    }
    const isPut = boxes.length === now.boxes.length;
    return { ...now, boxes: isPut ? boxes : boxes.map((box) => ({ ...box, position: null })), links: linksOf(was, now, boxes, pathOf) };
  }

  function both(was: Box | undefined, now: Box): Box {
    const mark = marks.get(now.path);
    if (was === undefined) return wholly(now, "added");
    const rooms = now.rooms.map((room) => {
      const old = was.rooms.find(({ label }) => label === room.label);
      return old === undefined ? inside(room, "added") : unite(old, room);
    });
    const gone = was.rooms.filter(({ label }) => now.rooms.every((room) => room.label !== label)).map((room) => inside(room, "removed"));
    return { ...now, rooms: [...rooms, ...gone], ...(mark && { mark }) };
  }
}

/** Where a box of the body that was stands now: its container or itself may be called otherwise. */
function pathsOf(was: Room, now: Room, marks: ReadonlyMap<string, BoxMark>): (path: string) => string {
  const paths = new Map<string, string>();
  for (const { id, path } of was.boxes) {
    const renamed = now.boxes.find((box) => marks.get(box.path)?.from === id);
    const same = now.boxes.find((box) => box.id === id);
    paths.set(path, (renamed ?? same)?.path ?? path);
  }
  return (path) => paths.get(path) ?? path;
}

function linksOf(was: Room, now: Room, boxes: readonly Box[], pathOf: (path: string) => string): Link[] {
  const left = new Map<string, number>();
  const old = was.links.map((link) => ({ ...link, from: pathOf(link.from), to: pathOf(link.to) }));
  for (const link of old) count(left, key(link), 1);
  const links = now.links.map((link): Link => (count(left, key(link), -1) ? link : { ...link, mark: "added" }));
  const known = new Set(boxes.map(({ path }) => path));
  for (const link of old) {
    if (!count(left, key(link), -1) || !known.has(link.from) || !known.has(link.to)) continue;
    links.push({ ...link, id: `-${link.id}`, mark: "removed" });
  }
  return links;
}

function wholly(box: Box, is: "added" | "removed"): Box {
  return { ...box, rooms: box.rooms.map((room) => inside(room, is)), mark: { is, from: null } };
}

function inside(room: Room, is: "added" | "removed"): Room {
  return { ...room, boxes: room.boxes.map((box) => wholly(box, is)), links: room.links.map((link) => ({ ...link, mark: is })) };
}

/** Edges that say the same are the same. */
function key({ from, to, port, when, isBack, type }: Link): string {
  return JSON.stringify([from, to, port, when, isBack, type]);
}

/** Counts up, or takes one away where there is one; answers whether it could. */
function count(counts: Map<string, number>, of: string, by: 1 | -1): boolean {
  const next = (counts.get(of) ?? 0) + by;
  if (next < 0) return false;
  counts.set(of, next);
  return true;
}
