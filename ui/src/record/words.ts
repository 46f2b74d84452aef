/** The words of the dialog that shows an execution as a test. */

import { speak } from "../words/speak";

export const say = speak("record", {
  title: "A test of {workflow}",
  titleOf: "{id} as a test",
  says: "What came from outside stands in it, at its moments, and what came of it. Keep it beside the definition; refold test runs it without a server.",
  loading: "It is written …",
  file: "Save {name}",
  copy: "Copy",
  copied: "Copied",
  otherwise: "As it stands it fails, as it would go otherwise here:",
  difference: "{what}: expected {expected}, found {found}",
  text: "The test",
});
