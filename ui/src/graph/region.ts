/** The part of a graph that is looked at, and somewhat more: only what is there is given to what draws it. */

import { useStore } from "@xyflow/react";
import { useMemo } from "react";
import type { Layout, Rect } from "./layout";
import { linksIn, type Room } from "./outline";

/** The boxes in the region, and those at the other ends of edges that may cross it; nothing before there is one. */
export function useNear(outline: Room, layout: Layout, isFitted: boolean): Layout {
  const key = useStore(({ transform: [x, y, zoom], width, height }) => (isFitted ? regionKey(x, y, zoom, width, height) : ""));
  const links = useMemo(() => [...linksIn(outline)], [outline]);
  return useMemo(() => nearOf(layout, links, regionOf(key)), [layout, links, key]);
}

/** The same for all views of about the same place: by halves of a view, and by powers of two of how near it is. */
export function regionKey(x: number, y: number, zoom: number, width: number, height: number): string {
  const scale = 2 ** Math.ceil(-Math.log2(zoom));
  return [Math.floor(-x / zoom / ((width * scale) / 2)), Math.floor(-y / zoom / ((height * scale) / 2)), width * scale, height * scale].join(" ");
}

/** Half a view more on each side. */
export function regionOf(key: string): Rect | null {
  if (key === "") return null;
  const [column = 0, row = 0, width = 0, height = 0] = key.split(" ").map(Number);
  return { x: ((column - 1) * width) / 2, y: ((row - 1) * height) / 2, width: 2.5 * width, height: 2.5 * height };
}

export function nearOf(layout: Layout, links: readonly { readonly from: string; readonly to: string }[], region: Rect | null): Layout {
  const boxes = new Map<string, Rect>();
  if (region === null) return { ...layout, boxes };
  for (const [path, rect] of layout.boxes) if (meets(region, rect, rect)) boxes.set(path, rect);
  for (const { from, to } of links) {
    const one = layout.boxes.get(from);
    const other = layout.boxes.get(to);
    if (one === undefined || other === undefined || !meets(region, one, other)) continue;
    boxes.set(from, one);
    boxes.set(to, other);
  }
  return { ...layout, boxes };
}

/** Whether the region meets what is around two of them. */
function meets(region: Rect, one: Rect, other: Rect): boolean {
  return (
    Math.min(one.x, other.x) <= region.x + region.width &&
    Math.max(one.x + one.width, other.x + other.width) >= region.x &&
    Math.min(one.y, other.y) <= region.y + region.height &&
    Math.max(one.y + one.height, other.y + other.height) >= region.y
  );
}
