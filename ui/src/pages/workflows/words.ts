/** The words of the list of workflows. */

import { speak } from "../../words/speak";
import { title } from "./title";

export const say = speak("workflows", {
  ...title,
  asOf: "{n, number} · as of {at}",
  refresh: "Look again",
  name: "Workflow",
  version: "Version",
  status: "Status",
  published: "Published · {zone}",
  by: "By",
  drafts: "Drafts",
  start: "Start",
  fresh: "New workflow",
  templates: "From a template",
  startOf: "Start {name}",
  find: "Find by name",
  focusFind: "Type a part of a name",
  clear: "Show all",
  emptyTitle: "No workflow is published here yet",
  emptySays: "Write one here, or publish one from anywhere:",
  emptyFound: "No workflow is called like that",
});

export const sayStatus = speak("workflows.status", {
  active: "active",
  inactive: "not active",
  archived: "archived",
});
