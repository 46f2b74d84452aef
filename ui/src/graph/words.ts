/** The words of the graph. */

import { speak } from "../words/speak";

export const say = speak("graph", {
  graph: "graph",
  notYet: "not yet",
  wrong: "there is a problem",
  open: "Open {name}",
  close: "Close {name}",
  iteration: "{n, number} of {all, number}",
  before: "The iteration before",
  next: "The next iteration",
});
