/** What can be done here by a key or from the palette: whoever is on the screen offers it, and takes it away when it goes. */

import { useEffect, useEffectEvent, useSyncExternalStore } from "react";

export interface Command {
  readonly id: string;
  readonly says: string;
  /** `mod+k`, `?`, or one after another: `g e`. */
  readonly keys?: string;
  /** Under which heading it stands in the list of keys. */
  readonly group: string;
  /** False for what moves about in a list: it has keys, and is no command to look up. */
  readonly isListed?: boolean;
  /** Whether the key works while something is typed in. */
  readonly whileTyping?: boolean;
  readonly run: () => void;
}

let all: readonly Command[] = [];
const hearers = new Set<() => void>();

function put(next: readonly Command[]): void {
  all = next;
  for (const hearer of hearers) hearer();
}

export function commands(): readonly Command[] {
  return all;
}

export function useCommands(): readonly Command[] {
  return useSyncExternalStore((hearer) => {
    hearers.add(hearer);
    return () => hearers.delete(hearer);
  }, commands);
}

/** The items of a menu, by their names in the palette, too; those that cannot be done now are not. */
export function useItems(items: readonly { readonly id: string; readonly says: string; readonly not?: string | undefined; readonly run: () => void }[], group: string): void {
  useOffered(items.filter(({ not }) => not === undefined).map(({ id, says, run }) => ({ id: `${group} ${id}`, says, group, run })));
}

/** Offer commands as long as the component is there. What they do is always what was said last. */
export function useOffered(offered: readonly Command[]): void {
  const run = useEffectEvent((id: string) => offered.find((one) => one.id === id)?.run());
  const said = JSON.stringify(offered);
  useEffect(() => {
    const mine = (JSON.parse(said) as Command[]).map((one) => ({ ...one, run: () => run(one.id) }));
    put([...all, ...mine]);
    return () => put(all.filter((one) => !mine.includes(one)));
  }, [said]);
}
