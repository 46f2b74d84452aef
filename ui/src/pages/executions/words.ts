/** The words of the list of executions. */

import { speak } from "../../words/speak";

export const say = speak("executions", {
  title: "Executions",
  found: "{n, number}",
  first: "the latest {n, number}",
  state: "State",
  id: "Execution",
  workflow: "Workflow",
  created: "Created · {zone}",
  duration: "Took",
  detail: "Detail",
  anyState: "Any state",
  anyWorkflow: "Any workflow",
  filter: "Filter",
  filterPlaceholder: "Filter, such as search.customer == 'A-1' && duration > duration('5m')",
  clear: "Show all",
  focusFilter: "Type a filter",
  open: "Open the execution that is chosen",
  emptyTitle: "Nothing has run here yet",
  emptySays: "Publish a workflow and start it, from here or from anywhere:",
  emptyFiltered: "No execution is like that",
  emptyFilteredSays: "There are others: take the filter away to see them.",
});
