/** The words of saved views. */

import { speak } from "../words/speak";

export const say = speak("views", {
  title: "Views",
  all: "All",
  failed: "Failed in the last day",
  people: "Waiting for people",
  longest: "Running longest",
  save: "Save the view …",
  saveTitle: "Save the view",
  saveDo: "Save",
  saveSays: "The filter, the columns and their order are kept under a name, for all who use this server.",
  saveOver: "There is a view of this name: it is written anew.",
  name: "Name",
  nameWrong: "1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first",
  summary: "What it is for",
  saved: "The view {name} is saved",
  remove: "Delete the view …",
  removeTitle: "Delete the view {name}",
  removeDo: "Delete",
  removeSays: "It is gone for all who use this server. No execution is touched.",
  removed: "The view {name} is deleted",
  changed: "changed",
});
