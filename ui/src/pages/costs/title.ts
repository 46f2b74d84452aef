/** What the page is called, for whoever does not load it. */

import { speak } from "../../words/speak";

export const say = speak("costs", { title: "Costs of models" });
