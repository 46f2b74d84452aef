/** What the page is called, for whoever does not load it. */

import { speak } from "../../words/speak";

export const title = { title: "Workflows" } as const;
export const say = speak("workflows", title);
