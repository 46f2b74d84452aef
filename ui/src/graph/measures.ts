/** How large boxes are, and what a body shows of itself: for who lays out, and for who draws. */

import type { Room } from "./outline";

export const NODE = { width: 208, height: 56 } as const;
/** The line above what is in a container, with its name. */
export const CAPTION = 40;
/** The line above a body that has a name of its own. */
export const LABEL = 24;

/** Whether a body shows its name: those of which there are several, or which are no iterations. */
export function isLabelled(room: Room): boolean {
  return room.label !== "[]";
}
