/** Several links or buttons as one stop of Tab: arrows move among them. */

import { type KeyboardEvent, type RefObject, useLayoutEffect } from "react";

/** Gives what to do when a key is pressed in there. `chosen` picks the one that Tab comes to at first, by a selector. */
export function useOneStop(around: RefObject<HTMLElement | null>, chosen: string): (event: KeyboardEvent) => void {
  useLayoutEffect(() => {
    const element = around.current;
    if (element !== null) stopAt(element, element.querySelector<HTMLElement>(`:focus, ${chosen}`));
  });
  return (event) => {
    const element = around.current;
    if (element === null || event.metaKey || event.ctrlKey || event.altKey) return;
    const all = within(element);
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    const next = to === undefined || at < 0 ? undefined : all[(to + all.length) % all.length];
    if (next === undefined) return;
    event.preventDefault();
    stopAt(element, next);
    next.focus();
  };
}

function within(element: HTMLElement): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>(":scope > a, :scope > button")];
}

function stopAt(element: HTMLElement, one: HTMLElement | null): void {
  const all = within(element);
  const stop = one !== null && all.includes(one) ? one : all[0];
  for (const each of all) each.tabIndex = each === stop ? 0 : -1;
}
