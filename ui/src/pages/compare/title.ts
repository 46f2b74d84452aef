/** What the page is called, for whoever does not load it. */

import { speak } from "../../words/speak";

export const title = { title: "Compare executions" } as const;
export const say = speak("compare-executions", title);
