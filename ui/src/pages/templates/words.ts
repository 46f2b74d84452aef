/** The words of the gallery of templates. */

import { speak } from "../../words/speak";
import { title } from "./title";

export const say = speak("templates", {
  ...title,
  count: "{n, plural:one to begin with|# to begin with}",
  empty: "Begin with nothing",
  find: "Find by title, description or tag",
  focusFind: "Type a part of a title",
  none: "No template is like that",
  clear: "Show all",
  list: "Templates",
  own: "yours",
  border: "template",
  graphOf: "Graph of {title}",
  broken: "{n, plural:One file cannot be shown|# files cannot be shown}",
  notDrawn: "It cannot be drawn: {why}",
  fill: "Fill in",
  name: "Name of the workflow",
  noHoles: "Besides its name nothing is to be filled in; all of it can be changed in the draft.",
  begin: "Begin a draft",
  beginSays: "A draft is made of it, and nothing is published.",
  nameWrong: "A name begins with a small letter, and has small letters, digits, underscores and dashes: 63 at most",
});
