/** The kinds of nodes as the library has them: those that ask models also with a model of each provider to begin with. Pure. */

import type { Schemas } from "../../api/client";

export type Kind = Schemas["NodeKind"];

/** What can be put onto the canvas: a kind, or a kind with another config to begin with. */
export interface Entry {
  /** By which it is dragged and put: a kind's name, for a preset with the provider behind it. No kind has a space in its name. */
  readonly key: string;
  readonly kind: Kind;
  /** What people call the provider; null for the kind as it begins by itself. */
  readonly preset: string | null;
}

export function entriesOf(kinds: readonly Kind[]): readonly Entry[] {
  return kinds.flatMap((kind) => [{ key: kind.kind, kind, preset: null }, ...kind.presets.map(({ name }) => ({ key: keyOf(kind.kind, name), kind, preset: name }))]);
}

/** The kind of an entry and the config that its node begins with, by its key. */
export function beginsWith(kinds: ReadonlyMap<string, Kind>, key: string): { readonly kind: string; readonly config: Kind["begins_with"] } {
  const [name = "", preset] = split(key);
  const kind = kinds.get(name);
  return { kind: name, config: kind?.presets.find((one) => one.name === preset)?.config ?? kind?.begins_with ?? {} };
}

/** The kind of an entry, by its key. */
export function kindOf(key: string): string {
  return split(key)[0] ?? key;
}

function keyOf(kind: string, preset: string): string {
  return `${kind} ${preset}`;
}

function split(key: string): readonly string[] {
  const space = key.indexOf(" ");
  return space < 0 ? [key] : [key.slice(0, space), key.slice(space + 1)];
}
