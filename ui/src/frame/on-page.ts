/** What can be done on the page that is shown: its buttons, by what they are called. */

import { say } from "../words/en";
import type { Command } from "./commands";

/** What stands in tables and graphs is there many times; what an open part of a page does, it says itself. */
const MANY = "[role=grid] *, [role=tree] *, [role=listbox] *, [data-graph] *, [aria-hidden=true] *";
const SHOWN_MAX = 100;

/** Of several that are called the same the first, and none whose name is said by a command already. */
export function onPage(said: readonly Command[]): readonly Command[] {
  const names = new Set(said.map(({ says }) => says.toLowerCase()));
  const found: Command[] = [];
  for (const button of document.querySelectorAll<HTMLElement>("#content button, #content [role=tab]")) {
    const says = (button.getAttribute("aria-label") ?? button.textContent).replaceAll(/\s+/g, " ").trim();
    const isAble = !button.matches(`${MANY}, :disabled, [aria-disabled=true]`) && button.checkVisibility({ visibilityProperty: true });
    if (says === "" || !isAble || names.has(says.toLowerCase())) continue;
    names.add(says.toLowerCase());
    found.push({ id: `page ${says}`, says, group: say("onPage"), run: () => (button.focus(), button.click()) });
    if (found.length === SHOWN_MAX) break;
  }
  return found;
}
