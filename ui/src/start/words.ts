/** The words of the dialog that starts an execution. */

import { speak } from "../words/speak";

export const say = speak("start", {
  title: "Start {name}",
  start: "Start",
  says: "Version {n} runs with this input; it is stored before it is answered.",
  shownAs: "How the input is written",
  form: "Form",
  json: "JSON",
  input: "Input (JSON)",
  id: "Id of the execution (optional)",
  breakpoints: "Breakpoints ({n, number})",
  wrong: "This is no JSON: {why}",
  fields: "Some fields are not right yet.",
  takesNothing: "{name} says nothing of its input; whatever stands here is passed to it.",
  started: "It has started",
  startedSays: "Its first event is stored.",
  open: "Open {id}",
});
