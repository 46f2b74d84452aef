/** The words of what two definitions say differently. */

import { speak } from "../words/speak";

export const say = speak("compare", {
  as: "Shown as",
  nodes: "By node",
  graph: "Graph",
  text: "Text",
  changes: "{n, plural:one change|# changes}",
  same: "Both say the same.",
  onlyMoved: "They differ in nothing but where nodes stand in the picture.",
  moved: "{n, plural:One node stands|# nodes stand} elsewhere in the picture",
  movedOne: "stands elsewhere",
  showMoved: "Show where nodes stand, too",
  workflow: "of the workflow",
  renamed: "from {from}",
  whole: "all of it",
  more: "and {n, number} more",
  list: "Changes by node",
  show: "Show {id} in the graph",
  ofSource: "The texts as they were published",
  ofDefinition: "The definitions as JSON, as not both have a text of one kind",
});

export const sayIs = speak("compare.is", {
  added: "added",
  removed: "removed",
  changed: "changed",
  renamed: "renamed",
  moved: "moved",
  reordered: "in another order",
});
