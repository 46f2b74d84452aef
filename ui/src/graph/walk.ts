/** Walking over a graph by keys: along its edges, beside each other, into containers and out of them. */

import type { Layout } from "./layout";
import { type Box, boxOf, type Room } from "./outline";

/** The box that a key leads to; `null` to none at all, undefined where the key leads nowhere. */
export function step(outline: Room, layout: Layout, chosen: string | null, key: string): string | null | undefined {
  if (!["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Enter", "Escape", "Home", "End"].includes(key)) return undefined;
  const found = chosen === null ? null : boxOf(outline, chosen);
  if (found === null) return key === "Escape" ? undefined : (inOrder(outline, layout).at(key === "End" ? -1 : 0) ?? undefined);
  const { box, room, around } = found;
  if (key === "Escape") return around?.path ?? null;
  if (key === "Enter") return box.rooms.flatMap((inner) => inOrder(inner, layout))[0];
  if (key === "Home" || key === "End") return inOrder(room, layout).at(key === "End" ? -1 : 0);
  if (key === "ArrowRight") return nearest(layout, box, room.links.filter(({ from }) => from === box.path).map(({ to }) => to)) ?? beside(room, layout, box, 1);
  if (key === "ArrowLeft") return nearest(layout, box, room.links.filter(({ to }) => to === box.path).map(({ from }) => from)) ?? beside(room, layout, box, -1);
  return below(room, layout, box, key === "ArrowDown" ? 1 : -1);
}

/** The boxes of a body as one reads: from left to right, and from top to bottom. */
function inOrder(room: Room, layout: Layout): string[] {
  const at = (path: string) => layout.boxes.get(path) ?? { x: 0, y: 0 };
  return room.boxes
    .map(({ path }) => path)
    .filter((path) => layout.boxes.has(path))
    .sort((one, other) => at(one).x - at(other).x || at(one).y - at(other).y);
}

function beside(room: Room, layout: Layout, box: Box, by: 1 | -1): string | undefined {
  const order = inOrder(room, layout);
  const at = order.indexOf(box.path);
  return at === -1 ? undefined : order[at + by];
}

function nearest(layout: Layout, box: Box, paths: readonly string[]): string | undefined {
  const y = middle(layout, box.path);
  const others = paths.filter((path) => path !== box.path);
  return others.filter((path) => layout.boxes.has(path) || !layout.boxes.has(box.path)).sort((one, other) => Math.abs(middle(layout, one) - y) - Math.abs(middle(layout, other) - y))[0];
}

function below(room: Room, layout: Layout, box: Box, by: 1 | -1): string | undefined {
  const own = layout.boxes.get(box.path);
  if (own === undefined) return undefined;
  const further = inOrder(room, layout).filter((path) => by * (middle(layout, path) - middle(layout, box.path)) > 1);
  const distance = (path: string) => Math.abs((layout.boxes.get(path)?.x ?? 0) - own.x) * 2 + Math.abs(middle(layout, path) - middle(layout, box.path));
  return further.sort((one, other) => distance(one) - distance(other))[0];
}

function middle(layout: Layout, path: string): number {
  const { y = 0, height = 0 } = layout.boxes.get(path) ?? {};
  return y + height / 2;
}
