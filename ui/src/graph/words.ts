/** The words of the graph. */

import { speak } from "../words/speak";

export const say = speak("graph", {
  graph: "graph",
  notYet: "not yet",
  notBegun: "not begun",
  taken: "taken",
  untaken: "not taken",
  open: "open",
  back: "back",
  leads: "leads to",
  does: "Do",
  doesWith: "Do with {name}",
  shownAs: "Shown as",
  asGraph: "Graph",
  asOutline: "Outline",
  zoom: "Zoom",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  zoomAsItIs: "Zoom as it is",
  zoomAll: "All of the graph",
  wrong: "there is a problem",
  openBox: "Open {name}",
  closeBox: "Close {name}",
  iteration: "{n, number} of {all, number}",
  before: "The iteration before",
  next: "The next iteration",
});
