/** What the page is called, for whoever does not load it. */

import { speak } from "../../words/speak";

export const title = { title: "Connectors" } as const;
export const say = speak("connectors", title);
