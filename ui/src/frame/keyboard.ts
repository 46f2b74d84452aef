/** Keys: which command a press means. Pure, so that every odd press can be tested. */

import type { Command } from "./commands";

export interface Press {
  readonly key: string;
  readonly mod: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

/** A press as it is written in `keys`: `mod+k`, `?`, `shift+enter`. The shift that makes another sign is no part of it. */
export function chord({ key, mod, alt, shift }: Press): string {
  const isSign = key.length === 1;
  const parts = [mod && "mod", alt && "alt", shift && !isSign && "shift", isSign && mod ? key.toLowerCase() : isSign ? key : key.toLowerCase()];
  return parts.filter(Boolean).join("+");
}

export interface Found {
  readonly command: Command | null;
  /** What was pressed so far of keys that go one after another. */
  readonly begun: string;
}

/** The command that a press means, after what was begun before. The last one offered counts. */
export function find(commands: readonly Command[], begun: string, press: Press, isTyping: boolean): Found {
  const open = commands.filter((one) => one.keys !== undefined && (!isTyping || one.whileTyping === true));
  for (const pressed of begun === "" ? [chord(press)] : [`${begun} ${chord(press)}`, chord(press)]) {
    const command = open.findLast((one) => one.keys === pressed);
    if (command !== undefined) return { command, begun: "" };
    if (open.some((one) => one.keys?.startsWith(`${pressed} `))) return { command: null, begun: pressed };
  }
  return { command: null, begun: "" };
}

/** Whether keys go into what has the focus. */
export function isTyped(outer: Element | null): boolean {
  let element = outer;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement; // the editor of texts stands in one
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && !["checkbox", "radio", "range", "button", "submit"].includes(element.type);
}
