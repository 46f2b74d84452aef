/** The words of the incidents. */

import { speak } from "../../words/speak";
import { title } from "./title";

export const say = speak("incidents", {
  ...title,
  found: "{n, plural: one open|# open}, by {causes, plural: one cause|# causes}",
  cause: "Error",
  count: "Open",
  where: "Where",
  last: "Last · {zone}",
  since: "Since · {zone}",
  error: "What is wrong",
  execution: "Execution",
  node: "Node",
  doing: "Resolve",
  resolve: "Resolve …",
  resolveAll: "Resolve all …",
  resolveOne: "Resolve the incident",
  resolveCause: "Resolve all of this cause",
  back: "To the causes",
  first: "First",
  incidents: "Incidents of this cause",
  gone: "All of this cause are resolved",
  goneSays: "There may be others in the list.",
  emptyTitle: "Nothing needs you.",
  emptyLast: "The last one was resolved {time} ({zone}).",
  emptyNever: "What fails and is not caught stops here, and waits for you.",
  retry: "Try again",
  skip: "Pass over",
  fail: "Let it fail",
  action: "What is done",
  retrySays: "It is tried again, with the attempts counted anew.",
  skipSays: "The node counts as completed with nothing as its output, and what comes after it goes on.",
  failSays: "The node counts as failed: its error edges and handlers go on, else the execution fails.",
  durable: "It is durable once it is answered.",
  done: "Taken: {what}",
});
