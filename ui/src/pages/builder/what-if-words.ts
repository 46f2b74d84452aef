/** The words of what a text would have made of what was recorded. */

import { speak } from "../../words/speak";

export const say = speak("what-if", {
  title: "What if",
  ask: "What if?",
  asking: "Deciding …",
  says: "Let this text decide over the last {n, number} executions, with the answers that they recorded. Nobody is called.",
  none: "No execution of this workflow is recorded: there is nothing to compare.",
  compared: "Of {n, plural:one recorded execution|# recorded executions}:",
  more: "and {n, number} more",
  first: "first at {path}",
  calls: "Calls",
  vanished: "is not called any more",
});

export const sayVerdict = speak("what-if.verdict", {
  unchanged: "{n, number} unchanged",
  path: "{n, number} with the same end by another path",
  output: "{n, number} with another output",
  outcome: "{n, number} with another outcome",
  new_calls: "{n, number} that ask something whose answer nobody knows",
  not_decided: "{n, number} that it could not decide",
});

export const sayWhy = speak("what-if.why", {
  never_asked: "was never asked",
  asked_otherwise: "was asked in other words",
  never_answered: "was never answered",
});
