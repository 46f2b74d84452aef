/** A graph from far away: one canvas, on which each box is a rectangle in the colour of its state. */

import { useStore } from "@xyflow/react";
import { type JSX, useEffect, useMemo, useRef } from "react";
import { type Ink, inkAt, useTheme } from "../parts/ink";
import { lookOf } from "../parts/state";
import css from "./canvas.module.css";
import type { Layout, Rect } from "./layout";
import { way } from "./link";
import { type Box, linksIn, type Room } from "./outline";
import { statusOf } from "./status";
import type { View } from "./view";

/** Nearer than this nodes can be read. */
export const NEAR = 0.34;

interface FarProps {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly outline: Room;
  readonly layout: Layout;
  readonly view: View;
  readonly chosen: string | null;
}

export function Far({ boxes, outline, layout, view, chosen }: FarProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [x, y, zoom] = useStore(({ transform }) => transform);
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const theme = useTheme();
  const shapes = useMemo(() => shapesOf(boxes, outline, layout), [boxes, outline, layout]);
  useEffect(() => {
    const drawn = canvas.current;
    const context = drawn?.getContext("2d");
    if (!drawn || !context) return;
    const sharp = window.devicePixelRatio;
    drawn.width = Math.round(width * sharp);
    drawn.height = Math.round(height * sharp);
    const colour = inkAt(drawn);
    const paint = () => {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, drawn.width, drawn.height);
      context.setTransform(zoom * sharp, 0, 0, zoom * sharp, x * sharp, y * sharp);
      paintLinks(context, shapes.links, view, colour, seen(x, y, zoom, width, height));
      paintBoxes(context, shapes.boxes, view, chosen, colour, seen(x, y, zoom, width, height));
    };
    paint();
    return view.hear(null, paint);
  }, [x, y, zoom, width, height, shapes, view, chosen, theme]);
  return <canvas ref={canvas} className={css["far"]} aria-hidden="true" />;
}

interface Shapes {
  /** What holds others before what it holds. */
  readonly boxes: readonly { readonly box: Box; readonly rect: Rect }[];
  readonly links: readonly { readonly id: string; readonly from: Rect; readonly to: Rect; readonly way: Path2D }[];
}

function shapesOf(boxes: ReadonlyMap<string, Box>, outline: Room, layout: Layout): Shapes {
  const drawn = [...boxes.values()].flatMap((box) => {
    const rect = layout.boxes.get(box.path);
    return rect === undefined ? [] : [{ box, rect, depth: box.path.split("/").length }];
  });
  const links = [...linksIn(outline)].flatMap((link) => {
    const from = layout.boxes.get(link.from);
    const to = layout.boxes.get(link.to);
    return from === undefined || to === undefined ? [] : [{ id: link.id, from, to, way: new Path2D(way(from, to, link.isBack)) }];
  });
  return { boxes: drawn.sort((one, other) => one.depth - other.depth), links };
}

function paintLinks(context: CanvasRenderingContext2D, links: Shapes["links"], view: View, colour: Ink, view_: Rect): void {
  const taken = colour("ink-3");
  const other = colour("line-2");
  context.lineWidth = 2;
  for (const { id, from, to, way } of links) {
    if (!(isSeen(from, view_) || isSeen(to, view_))) continue;
    context.strokeStyle = view.link(id) === "taken" ? taken : other;
    context.stroke(way);
  }
}

function paintBoxes(context: CanvasRenderingContext2D, boxes: Shapes["boxes"], view: View, chosen: string | null, colour: Ink, view_: Rect): void {
  for (const { box, rect } of boxes) {
    if (!isSeen(rect, view_)) continue;
    const look = view.box(box.path);
    const isLeaf = box.rooms.length === 0;
    const isChosen = box.path === chosen;
    context.fillStyle = look && isLeaf ? colour(lookOf(statusOf(box.kind, look.state))) : colour(isLeaf ? "line-2" : "pane");
    context.strokeStyle = isChosen ? colour("ink-1") : colour("line-2");
    context.lineWidth = isChosen ? 8 : 2;
    context.beginPath();
    context.roundRect(rect.x, rect.y, rect.width, rect.height, 10);
    context.fill();
    if (!isLeaf || isChosen) context.stroke();
  }
}

function seen(x: number, y: number, zoom: number, width: number, height: number): Rect {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

function isSeen(rect: Rect, view: Rect): boolean {
  return rect.x < view.x + view.width && rect.y < view.y + view.height && rect.x + rect.width > view.x && rect.y + rect.height > view.y;
}

/** The innermost box at a point. */
export function boxAt(layout: Layout, x: number, y: number): string | null {
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
