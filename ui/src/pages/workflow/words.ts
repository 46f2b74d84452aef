/** The words of the page of a workflow. */

import { speak } from "../../words/speak";

export const say = speak("workflow", {
  title: "Workflow",
  notFound: "There is no workflow {name} here",
  all: "All workflows",
  startsWith: "starts with version {n}",
  archived: "archived: nothing starts it",
  start: "Start",
  edit: "Edit",
  does: "Do",
  executions: "Its executions",
  versions: "Versions",
  version: "Version {n}",
  views: "Version {n} as",
  graph: "Graph",
  text: "Text",
  diff: "Differences",
  graphOf: "Graph of {name}, version {n}",
  textOf: "Text of {name}, version {n}",
  noSource: "Its text was not kept: it was published before texts were. This is its definition as JSON.",
  diffOf: "What is different between version {before} and {after}",
  active: "active",
  layoutOnly: "only moved",
  layoutOnlySays: "It differs from the one before in nothing but where nodes stand in the picture",
  someone: "somebody",
  compareWith: "Compared with",
  layout: "Tell where nodes stand, too",
  onlyOne: "There is only one version, and nothing to compare it with.",
  same: "Both say the same.",
  changes: "{n, plural:one change|# changes}",
  ofSource: "The texts as they were published",
  ofDefinition: "The definitions as JSON, as not both have a text of one kind",
  activate: "Activate version {n}",
  activateSays: "Executions started from now on get version {n}. Those that run keep the version they were started with.",
  activated: "{name} starts with version {n} from now on. It is stored.",
  isActive: "It is the active one",
  archive: "Archive",
  archiveSays: "Nothing starts {name} any more, by hand or by its triggers. Executions that run go on. It comes back when a version is activated.",
  archivedNow: "{name} is archived. It is stored.",
  isArchived: "It is archived",
  bottom: "versions",
});

export const sayChange = speak("workflow.change", {
  added: "added",
  removed: "removed",
  changed: "changed",
  reordered: "in another order",
});

export const sayWhat = speak("workflow.what", {
  node: "node",
  edge: "edge",
  workflow: "workflow",
});
