/** The words of the dialog that publishes; they come with it. */

import { speak } from "../../words/speak";

export const say = speak("publish", {
  publishTitle: "Publish {name}",
  publishSays: "This text becomes a version of {name}, and executions started from now on get it. Those that run keep theirs.",
  publishAgainst: "What is different from version {n}, which is active now",
  publishFirst: "It is the first version of {name}.",
  publishMoved: "This draft began as version {base}; version {n} is active by now. Look at what would be taken back.",
  publishSame: "Nothing is different.",
  publishSaid: "{problems, plural:one problem|# problems}, {warnings, plural:one warning|# warnings}",
  publishMore: "and {n, number} more, all at their lines",
  published: "Version {n} of {name} is stored, and active.",
  publishWrong: "There are problems; what is shown at their lines has to be mended first.",
});
