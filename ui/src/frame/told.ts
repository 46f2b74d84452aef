/** Keys that a part of a page handles itself while it has the focus: said in the list of keys of a page that has such a part. */

import { speak } from "../words/speak";
import type { Command } from "./commands";

const say = speak("keys", {
  inGraph: "While the graph has the focus",
  alongEdges: "Along the edges, to what is before or behind",
  beside: "To what is above or below",
  into: "Into a container",
  outOf: "Out of it; then nothing is chosen",
  firstLast: "The first and the last",
  move: "Move the node that is chosen",
  copy: "Copy, cut and paste it, as YAML",
  ofEdge: "Of an edge: what it takes",
  inText: "While the text has the focus",
  findText: "Find and replace",
  completeText: "Complete",
  foldText: "Fold and unfold",
  leaveText: "On to what follows",
  inTable: "While a table has the focus",
  rows: "From row to row",
  page: "A page up or down",
  open: "Open the row",
  mark: "Mark the row, where rows can be marked",
  marked: "Mark from row to row",
  unmark: "Take the marks away",
  ofTree: "While an outline has the focus",
  openTree: "Open a container, or its first",
  closeTree: "Close it, or go to what is around it",
  foldTree: "Open or close it",
  onReel: "While the reel has the focus",
  far: "A twentieth of all events on, or back",
  ends: "The first event, and now",
  border: "While a border between two parts has the focus",
  moveBorder: "Move it",
});

const TOLD = {
  graph: [
    ["inGraph", "alongEdges", ["arrowleft", "arrowright"]],
    ["inGraph", "beside", ["arrowup", "arrowdown"]],
    ["inGraph", "into", ["enter"]],
    ["inGraph", "outOf", ["escape"]],
    ["inGraph", "firstLast", ["home", "end"]],
  ],
  editing: [
    ["inGraph", "move", ["shift+arrowleft", "shift+arrowright", "shift+arrowup", "shift+arrowdown"]],
    ["inGraph", "copy", ["mod+c", "mod+x", "mod+v"]],
    ["inGraph", "ofEdge", ["enter"]],
  ],
  text: [
    ["inText", "findText", ["mod+f"]],
    ["inText", "completeText", ["ctrl+space"]],
    ["inText", "leaveText", ["tab"]],
  ],
  table: [
    ["inTable", "rows", ["arrowup", "arrowdown"]],
    ["inTable", "firstLast", ["home", "end"]],
    ["inTable", "page", ["pageup", "pagedown"]],
    ["inTable", "open", ["enter"]],
    ["inTable", "mark", ["x"]],
    ["inTable", "marked", ["shift+arrowup", "shift+arrowdown"]],
    ["inTable", "unmark", ["escape"]],
  ],
  tree: [
    ["ofTree", "rows", ["arrowup", "arrowdown"]],
    ["ofTree", "openTree", ["arrowright"]],
    ["ofTree", "closeTree", ["arrowleft"]],
    ["ofTree", "firstLast", ["home", "end"]],
    ["ofTree", "foldTree", ["enter"]],
    ["ofTree", "outOf", ["escape"]],
  ],
  reel: [
    ["onReel", "far", ["pageup", "pagedown"]],
    ["onReel", "ends", ["home", "end"]],
  ],
  border: [["border", "moveBorder", ["arrowleft", "arrowright", "arrowup", "arrowdown"]]],
} as const;

export type Part = keyof typeof TOLD;

/** By what a part is known on a page. */
const KNOWN_BY: Readonly<Record<Part, string>> = {
  graph: "[data-graph]",
  editing: "[data-graph][data-editing]",
  tree: "[role=tree]",
  text: "[data-text]",
  table: "[role=grid]",
  reel: "[data-reel]",
  border: "[role=separator][tabindex]",
};

/** The keys of the parts of the page that is shown, as commands without anything to run. */
export function toldHere(): readonly Command[] {
  const parts = (Object.keys(TOLD) as Part[]).filter((part) => document.querySelector(`#content ${KNOWN_BY[part]}`) !== null);
  return parts.flatMap((part) => TOLD[part].flatMap(([group, says, keys]) => keys.map((one): Command => ({ id: `${part} ${says} ${one}`, says: say(says), keys: one, group: say(group), run: () => undefined }))));
}

/** All keys that a part tells of. */
export function keysOf(part: Part): readonly string[] {
  return TOLD[part].flatMap(([, , keys]) => [...keys]);
}
