/** The words of the canvas, where a graph is changed. */

import { speak } from "../../words/speak";

export const say = speak("builder.canvas", {
  tools: "Tools of the canvas",
  keys: "On the canvas",
  add: "Add a node",
  head: "The workflow",
  addInside: "Add a node inside",
  undo: "Undo",
  redo: "Redo",
  tidy: "Tidy: back to the automatic layout",
  node: "What can be done with the node",
  rename: "Rename",
  connect: "Connect",
  duplicate: "Duplicate",
  nest: "Put into another body",
  remove: "Delete",
  edge: "Choose an edge of the node",
  noneChosen: "No node is chosen",
  noBodies: "It has no bodies",
  behind: "Behind {node}",
  between: "Between {from} and {to}",
  into: "Into {room}",
  outermost: "the workflow",
  atEnd: "At the end",
  copied: "{node} is on the clipboard, as YAML",
  gone: "It is not in the text any more",
  empty: "There are no nodes yet",
  emptySays: "Add the first one, or write it into the text.",
});
