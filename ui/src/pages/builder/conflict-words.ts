/** The words of a draft that somebody else has changed, too: loaded with what says so. */

import { speak } from "../../words/speak";

export const say = speak("builder.conflict", {
  theirs: "Changed by somebody else",
  theirsGone: "Published or discarded by somebody else",
  theirsSays: "What you type stays here, and nothing is overwritten before both are merged.",
  merge: "Merge …",
  mergeTitle: "Merge with what somebody else wrote",
  mergeSays: "Places changed by them alone: {theirs}; by you alone: {mine}. Both stand below already. Changed by both: {n}.",
  mergeNoBase: "It is not known what both began with, so whatever differs is to be chosen.",
  theirChanges: "What they changed",
  myChanges: "What you changed",
  bothOfTwo: "From theirs (−) to yours (+)",
  mergePlace: "Both changed this: {n} of {of}",
  mergeNothing: "nothing",
  mergeHand: "typed by hand",
  mergeGo: "Show it below",
  mergeResult: "What is kept then",
  mergeBroken: "Line {line} is broken",
  allTheirs: "All theirs",
  allMine: "All mine",
  mergeOpen: "{n, plural:One place is|# places are} still to be chosen.",
  mergeOther: "Your text has changed since this merge began.",
  mergeAnew: "Merge anew",
  mergeKeep: "Keep this as the draft",
});

export const sayChoice = speak("builder.choice", {
  theirs: "Theirs",
  mine: "Yours",
  both: "Both, theirs first",
  neither: "As it was before",
});
