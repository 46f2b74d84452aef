/** The words of the dialog that goes on from an event of an execution, or before its failure. */

import { speak } from "../words/speak";

export const say = speak("fork", {
  fork: "Fork {id}",
  forkSays: "A new execution goes on from {id} as it was after this event, and what was decided with it. {id} stays as it is. What comes then is done anew, and what was open is asked again.",
  retry: "Retry {id}",
  retrySays: "A new execution goes on before the failure of {id}, with all results that it had. {id} stays as it is. What comes then is done anew. What failed by what is decided fails again, unless something is set or another version goes on.",
  at: "After event",
  atWrong: "Events are whole numbers, from 1 on",
  set: "Set before it goes on: a line each, PATH = JSON",
  setSays: "Paths: variables.NAME, nodes.PATH.output, input, or a part, as input.lines.0.price",
  setEmpty: "variables.limit = 100",
  linePath: "Line {line, number}: expected PATH = JSON",
  lineJson: "Line {line, number}: behind = stands no JSON; a text stands in quotes",
  lineTwice: "Line {line, number}: {path} is set in line {before, number}",
  version: "Goes on by",
  same: "The version of {id}",
  other: "Version {n}",
  active: "Version {n}, active",
  id: "Id of the new execution",
  doFork: "Fork",
  doRetry: "Retry",
  done: "{id} goes on from {source}, after event {at, number}: it is durable.",
  asks: "It asks what {source} never asked: {nodes}.",
});
