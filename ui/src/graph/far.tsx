/** A graph from far away: one canvas, on which each box is a rectangle in the colour of its state. */

import { useStore } from "@xyflow/react";
import { type JSX, type MouseEvent, useEffect, useRef } from "react";
import { type Ink, inkAt, useTheme } from "../parts/ink";
import { lookOf } from "../parts/state";
import css from "./canvas.module.css";
import type { Layout, Rect } from "./layout";
import { way } from "./link";
import type { Box, Link } from "./outline";
import { statusOf } from "./status";
import type { View } from "./view";

/** Nearer than this nodes can be read. */
export const NEAR = 0.34;

interface FarProps {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly links: readonly Link[];
  readonly layout: Layout;
  readonly view: View;
  readonly chosen: string | null;
  readonly onChoose: (path: string | null) => void;
}

export function Far({ boxes, links, layout, view, chosen, onChoose }: FarProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [x, y, zoom] = useStore(({ transform }) => transform);
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const theme = useTheme();
  useEffect(() => {
    const drawn = canvas.current;
    const context = drawn?.getContext("2d");
    if (!drawn || !context) return;
    const sharp = window.devicePixelRatio;
    drawn.width = Math.round(width * sharp);
    drawn.height = Math.round(height * sharp);
    const paint = () => {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, drawn.width, drawn.height);
      context.setTransform(zoom * sharp, 0, 0, zoom * sharp, x * sharp, y * sharp);
      paintAll(context, { boxes, links, layout, view, chosen }, inkAt(drawn), seen(x, y, zoom, width, height));
    };
    paint();
    return view.hear(null, paint);
  }, [x, y, zoom, width, height, boxes, links, layout, view, chosen, theme]);
  const clicked = (event: MouseEvent) => {
    const bounds = canvas.current?.getBoundingClientRect();
    if (bounds === undefined) return;
    onChoose(boxAt(layout, (event.clientX - bounds.left - x) / zoom, (event.clientY - bounds.top - y) / zoom));
  };
  return <canvas ref={canvas} className={css["far"]} onClick={clicked} aria-hidden="true" />;
}

function paintAll(context: CanvasRenderingContext2D, { boxes, links, layout, view, chosen }: Omit<FarProps, "onChoose">, colour: Ink, view_: Rect): void {
  const sorted = [...layout.boxes].sort(([one], [other]) => one.split("/").length - other.split("/").length);
  context.lineWidth = 2;
  for (const link of links) {
    const from = layout.boxes.get(link.from);
    const to = layout.boxes.get(link.to);
    if (from === undefined || to === undefined || !(isSeen(from, view_) || isSeen(to, view_))) continue;
    context.strokeStyle = colour(view.link(link.id) === "taken" ? "ink-3" : "line-2");
    context.stroke(new Path2D(way(from, to, link.isBack)));
  }
  for (const [path, rect] of sorted) {
    if (!isSeen(rect, view_)) continue;
    const box = boxes.get(path);
    const look = view.box(path);
    const isLeaf = box?.rooms.length === 0;
    context.fillStyle = look && box && isLeaf ? colour(lookOf(statusOf(box.kind, look.state))) : colour(isLeaf ? "line-2" : "pane");
    context.strokeStyle = path === chosen ? colour("ink-1") : colour("line-2");
    context.lineWidth = path === chosen ? 8 : 2;
    context.beginPath();
    context.roundRect(rect.x, rect.y, rect.width, rect.height, 10);
    context.fill();
    if (!isLeaf || path === chosen) context.stroke();
  }
}

function seen(x: number, y: number, zoom: number, width: number, height: number): Rect {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

function isSeen(rect: Rect, view: Rect): boolean {
  return rect.x < view.x + view.width && rect.y < view.y + view.height && rect.x + rect.width > view.x && rect.y + rect.height > view.y;
}

/** The innermost box at a point. */
function boxAt(layout: Layout, x: number, y: number): string | null {
  let found: string | null = null;
  let size = Number.POSITIVE_INFINITY;
  for (const [path, rect] of layout.boxes) {
    const isIn = x >= rect.x && y >= rect.y && x <= rect.x + rect.width && y <= rect.y + rect.height;
    if (isIn && rect.width * rect.height < size) {
      found = path;
      size = rect.width * rect.height;
    }
  }
  return found;
}
