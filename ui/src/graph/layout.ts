/** Where boxes stand: each body by itself, from left to right, the innermost first; the same definition always stands the same way. */

import { layered, type Lead, type Size } from "./layered";
import { CAPTION, isLabelled, LABEL, NODE } from "./measures";
import type { Box, Room } from "./outline";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** By the path of the box; seen from the corner of everything. */
  readonly boxes: ReadonlyMap<string, Rect>;
  /** By the path of the body. */
  readonly rooms: ReadonlyMap<string, Rect>;
  /** By the path of the body: where the `position` (0, 0) of its nodes is. */
  readonly origins: ReadonlyMap<string, Point>;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const MARGIN = 16;
const BETWEEN = 12;
const APART = { nodes: 28, layers: 56 } as const;

interface Arranged {
  readonly width: number;
  readonly height: number;
  readonly boxes: Map<string, Rect>;
  readonly rooms: Map<string, Rect>;
  readonly origins: Map<string, Point>;
}

/** Containers whose path is in `closed` stand like any other node. */
export function layOut(room: Room, closed: ReadonlySet<string> = new Set()): Layout {
  return arrangeRoom(room, closed);
}

function arrangeRoom(room: Room, closed: ReadonlySet<string>): Arranged {
  const inner = new Map(room.boxes.map((box) => [box.path, arrangeBox(box, closed)]));
  const { places, origin } = placed(room, inner);
  const boxes = new Map<string, Rect>();
  const rooms = new Map<string, Rect>();
  const origins = new Map<string, Point>([[room.path, origin]]);
  let width = 0;
  let height = 0;
  for (const [path, rect] of places) {
    boxes.set(path, rect);
    const arranged = inner.get(path);
    if (arranged !== undefined) moveInto(arranged, rect, { boxes, rooms, origins });
    width = Math.max(width, rect.x + rect.width);
    height = Math.max(height, rect.y + rect.height);
  }
  return { width, height, boxes, rooms, origins };
}

function moveInto(from: Arranged, { x, y }: Point, to: Pick<Arranged, "boxes" | "rooms" | "origins">): void {
  for (const [path, rect] of from.boxes) to.boxes.set(path, { ...rect, x: rect.x + x, y: rect.y + y });
  for (const [path, rect] of from.rooms) to.rooms.set(path, { ...rect, x: rect.x + x, y: rect.y + y });
  for (const [path, point] of from.origins) to.origins.set(path, { x: point.x + x, y: point.y + y });
}

/** A container: its bodies one below the other. */
function arrangeBox(box: Box, closed: ReadonlySet<string>): Arranged {
  const boxes = new Map<string, Rect>();
  const rooms = new Map<string, Rect>();
  const origins = new Map<string, Point>();
  if (box.rooms.length === 0 || closed.has(box.path)) return { ...NODE, boxes, rooms, origins };
  const arranged = box.rooms.map((room) => ({ room, is: arrangeRoom(room, closed) }));
  const widest = Math.max(NODE.width, ...arranged.map(({ is }) => is.width));
  let y = CAPTION;
  for (const { room, is } of arranged) {
    const top = isLabelled(room) ? LABEL : 0;
    rooms.set(room.path, { x: MARGIN, y, width: widest, height: top + Math.max(is.height, NODE.height) });
    moveInto(is, { x: MARGIN, y: y + top }, { boxes, rooms, origins });
    y += top + Math.max(is.height, NODE.height) + BETWEEN;
  }
  return { width: widest + 2 * MARGIN, height: y - BETWEEN + MARGIN, boxes, rooms, origins };
}

function byEdges(room: Room, sizes: ReadonlyMap<string, Arranged>): Map<string, Rect> {
  const numbers = new Map(room.boxes.map(({ path }, at) => [path, at]));
  const all = room.boxes.map(({ path }) => sizes.get(path) ?? NODE);
  const leads = room.links.flatMap(({ from, to, isBack }): Lead[] => {
    const [one, other] = [numbers.get(from), numbers.get(to)];
    return one === undefined || other === undefined ? [] : [isBack ? [other, one] : [one, other]];
  });
  const { x, y } = layered(all, leads, APART);
  const top = all.reduce((least, { height }, at) => Math.min(least, Math.round((y[at] as number) - height / 2)), Number.POSITIVE_INFINITY);
  return new Map(
    room.boxes.map(({ path }, at) => {
      const { width, height } = all[at] as Size;
      return [path, { x: Math.round((x[at] as number) - width / 2), y: Math.round((y[at] as number) - height / 2) - top, width, height }];
    }),
  );
}

/** By the edges, but for those that people have put somewhere; so that the first of all stands at the corner. */
function placed(room: Room, sizes: ReadonlyMap<string, Arranged>): { places: Map<string, Rect>; origin: Point } {
  const put = room.boxes.filter(({ position }) => position !== null);
  const places = put.length < room.boxes.length ? byEdges(room, sizes) : new Map<string, Rect>();
  if (put.length === 0) return { places, origin: { x: 0, y: 0 } };
  for (const { path, position } of put) {
    const { width, height } = sizes.get(path) ?? NODE;
    places.set(path, { x: position?.x ?? 0, y: position?.y ?? 0, width, height });
  }
  const left = Math.min(...[...places.values()].map(({ x }) => x));
  const top = Math.min(...[...places.values()].map(({ y }) => y));
  return { places: new Map([...places].map(([path, rect]) => [path, { ...rect, x: rect.x - left, y: rect.y - top }])), origin: { x: 0 - left, y: 0 - top } };
}
