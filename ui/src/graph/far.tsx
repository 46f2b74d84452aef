/** A graph from far away: one canvas, on which each box is a rectangle in the colour of its state. */

import { useStore } from "@xyflow/react";
import { type JSX, useEffect, useMemo, useRef } from "react";
import { type Ink, inkAt, useTheme } from "../parts/ink";
import { lookOf } from "../parts/state";
import css from "./canvas.module.css";
import type { Layout, Rect } from "./layout";
import { trace } from "./link";
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
  const inks = useRef<{ theme: string; colour: Ink } | null>(null); // to ask for a colour costs more than to paint with it
  const shapes = useMemo(() => shapesOf(boxes, outline, layout), [boxes, outline, layout]);
  useEffect(() => {
    const drawn = canvas.current;
    const context = drawn?.getContext("2d");
    if (!drawn || !context) return;
    const sharp = window.devicePixelRatio;
    if (drawn.width !== Math.round(width * sharp)) drawn.width = Math.round(width * sharp);
    if (drawn.height !== Math.round(height * sharp)) drawn.height = Math.round(height * sharp);
    if (inks.current?.theme !== theme) inks.current = { theme, colour: inkAt(drawn) };
    const { colour } = inks.current;
    const near = nearTo(shapes, seen(x, y, zoom, width, height));
    const paint = () => {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, drawn.width, drawn.height);
      context.setTransform(zoom * sharp, 0, 0, zoom * sharp, x * sharp, y * sharp);
      paintLinks(context, near.links, view, colour);
      paintBoxes(context, near, view, chosen, colour);
    };
    let frame = 0;
    const soon = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        paint();
      });
    };
    paint();
    const stop = view.hear(null, soon);
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [x, y, zoom, width, height, shapes, view, chosen, theme]);
  return <canvas ref={canvas} className={css["far"]} aria-hidden="true" />;
}

interface Shapes {
  /** Containers before what they hold. */
  readonly holders: readonly Placed[];
  readonly leaves: readonly Placed[];
  readonly links: readonly { readonly id: string; readonly from: Rect; readonly to: Rect; readonly isBack: boolean }[];
}

interface Placed {
  readonly box: Box;
  readonly rect: Rect;
}

function shapesOf(boxes: ReadonlyMap<string, Box>, outline: Room, layout: Layout): Shapes {
  const drawn = [...boxes.values()].flatMap((box) => {
    const rect = layout.boxes.get(box.path);
    return rect === undefined ? [] : [{ box, rect, depth: box.path.split("/").length }];
  });
  const links = [...linksIn(outline)].flatMap(({ id, from: one, to: other, isBack }) => {
    const from = layout.boxes.get(one);
    const to = layout.boxes.get(other);
    return from === undefined || to === undefined ? [] : [{ id, from, to, isBack }];
  });
  drawn.sort((one, other) => one.depth - other.depth);
  return { holders: drawn.filter(({ box }) => box.rooms.length > 0), leaves: drawn.filter(({ box }) => box.rooms.length === 0), links };
}

/** What is in view: looked for once, as all that is shown of a moment stands where it stood. */
function nearTo({ holders, leaves, links }: Shapes, view: Rect): Shapes {
  const near = ({ rect }: Placed) => isSeen(rect, view);
  return { holders: holders.filter(near), leaves: leaves.filter(near), links: links.filter(({ from, to }) => isSeen(from, view) || isSeen(to, view)) };
}

/** What has the same colour is one path: thousands of strokes would cost more than all else. */
function paintLinks(context: CanvasRenderingContext2D, links: Shapes["links"], view: View, colour: Ink): void {
  const taken = new Path2D();
  const other = new Path2D();
  for (const { id, from, to, isBack } of links) trace(view.link(id) === "taken" ? taken : other, from, to, isBack);
  context.lineWidth = 2;
  context.strokeStyle = colour("line-2");
  context.stroke(other);
  context.strokeStyle = colour("ink-3");
  context.stroke(taken);
}

function paintBoxes(context: CanvasRenderingContext2D, { holders, leaves }: Shapes, view: View, chosen: string | null, colour: Ink): void {
  context.lineWidth = 2;
  context.strokeStyle = colour("line-2");
  context.fillStyle = colour("pane");
  for (const { rect } of holders) {
    context.beginPath();
    context.roundRect(rect.x, rect.y, rect.width, rect.height, 10);
    context.fill();
    context.stroke();
  }
  const paths = new Map<string, Path2D>();
  for (const { box, rect } of leaves) {
    const look = view.box(box.path);
    const ink = look ? lookOf(statusOf(box.kind, look.state)) : "line-2";
    const path = paths.get(ink) ?? new Path2D();
    if (!paths.has(ink)) paths.set(ink, path);
    path.rect(rect.x, rect.y, rect.width, rect.height);
  }
  for (const [ink, path] of paths) {
    context.fillStyle = colour(ink as Parameters<Ink>[0]);
    context.fill(path);
  }
  const here = [...holders, ...leaves].find(({ box }) => box.path === chosen)?.rect;
  if (here === undefined) return;
  context.strokeStyle = colour("ink-1");
  context.lineWidth = 8;
  context.strokeRect(here.x, here.y, here.width, here.height);
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
