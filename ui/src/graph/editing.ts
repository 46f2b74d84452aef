/** What can be done with a drawn graph where it can be changed: the canvas finds out what is meant, whoever gave it this does it. */

import { createContext, useContext } from "react";
import type { Layout, Rect } from "./layout";
import { type Box, linksIn, type Room, roomsIn } from "./outline";

/** Where something is dropped: in a body, or on an edge of it. */
export interface Spot {
  readonly room: string;
  readonly link: string | null;
}

export interface Editing {
  /** The graph of the text as it is this moment, which may not be drawn yet. */
  readonly outlineNow: () => Room | null;
  readonly ports: (box: Box) => readonly string[];
  /** Why no edge can lead from a port of one box to another one; null where one can. */
  readonly whyNot: (from: string, port: string, to: string) => string | null;
  readonly chosenLink: string | null;
  readonly onChooseLink: (id: string) => void;
  readonly onConnect: (from: string, port: string, to: string) => void;
  /** An edge was drawn to where nothing stands. */
  readonly onAddBehind: (from: string, port: string) => void;
  readonly onInsert: (link: string) => void;
  readonly onAddTo: (room: string) => void;
  readonly onDrop: (kind: string, spot: Spot) => void;
  /** To a place in its body. */
  readonly onMove: (path: string, x: number, y: number) => void;
  readonly onNest: (path: string, room: string) => void;
  readonly onCopy: () => string | null;
  readonly onCut: () => void;
  readonly onPaste: (text: string) => void;
}

export const EditingContext = createContext<Editing | null>(null);

export function useEditing(): Editing | null {
  return useContext(EditingContext);
}

/** The type of what is dragged from the library. */
export const KIND = "application/x-refold-kind";

/** How far from the middle of an edge something is still dropped on it. */
const NEAR = 28;

export function spotAt(outline: Room, layout: Layout, x: number, y: number, but: string | null = null): Spot {
  const room = roomAt(outline, layout, x, y, but);
  for (const link of linksIn(outline)) {
    const middle = middleOf(layout.boxes.get(link.from), layout.boxes.get(link.to), link.isBack);
    if (middle !== null && Math.hypot(middle.x - x, middle.y - y) < NEAR) return { room, link: link.id };
  }
  return { room, link: null };
}

/** The innermost body at a point; those in `but` do not count. */
export function roomAt(outline: Room, layout: Layout, x: number, y: number, but: string | null): string {
  let found = outline.path;
  for (const { path } of roomsIn(outline)) {
    const rect = layout.rooms.get(path);
    const isOwn = but !== null && (path.startsWith(`${but}[`) || path.startsWith(`${but}.`));
    if (rect !== undefined && !isOwn && isIn(rect, x, y)) found = path; // inner ones come later
  }
  return found;
}

export function isIn(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && y >= rect.y && x <= rect.x + rect.width && y <= rect.y + rect.height;
}

/** Where the sign stands that puts a node into an edge. */
export function middleOf(from: Rect | undefined, to: Rect | undefined, isBack: boolean): { x: number; y: number } | null {
  if (from === undefined || to === undefined) return null;
  const x1 = from.x + from.width;
  if (isBack || to.x < x1) return { x: (x1 + to.x) / 2, y: Math.max(from.y + from.height, to.y + to.height) + 22 };
  return { x: (x1 + to.x) / 2, y: (from.y + from.height / 2 + to.y + to.height / 2) / 2 };
}
