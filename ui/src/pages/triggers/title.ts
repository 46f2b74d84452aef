/** What the page is called, for whoever does not load it. */

import { speak } from "../../words/speak";

export const title = { title: "Schedules and triggers" } as const;
export const say = speak("triggers", title);
