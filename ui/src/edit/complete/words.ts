/** The words of completion. */

import { speak } from "../../words/speak";

export const say = speak("complete", {
  required: "required",
  mend: "Write {word}",
});
