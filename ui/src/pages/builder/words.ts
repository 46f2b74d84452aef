/** The words of the builder. */

import { speak } from "../../words/speak";

export const say = speak("builder", {
  titleNew: "New workflow",
  titleEdit: "Edit {name}",
  text: "Text of the definition",
  graph: "Graph of what is typed",
  border: "graph",
  saved: "Draft kept",
  untouched: "Nothing changed yet",
  dirty: "Draft not kept yet",
  saving: "Keeping the draft …",
  away: "The draft is kept in this browser: {why}. It is tried again by itself.",
  awayNowhere: "The draft is kept nowhere yet, as this browser has no room: {why}. Leave this page open; it is tried again by itself.",
  conflict: "Somebody else changed this draft",
  broken: "Line {line} is broken; the graph is of the text before.",
  stale: "as before",
  valid: "It can be published",
  judging: "Looking at it …",
  notJudged: "Not looked at: {why}",
  problems: "Problems",
  atLine: "line {line}",
  test: "Test",
  testRun: "Test run",
  publish: "Publish",
  discard: "Discard the draft",
  discardSays: "What was typed since version {n} is gone, here and for everybody who edits it.",
  discardNewSays: "What was typed is gone.",
  discarded: "The draft is gone.",
  notFound: "There is no workflow {name} here",
  notFoundSays: "Begin a new one instead.",
});
