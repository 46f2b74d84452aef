/** What the boxes of a drawn graph look at: each hears only of changes of its own. */

import { createContext, useContext, useSyncExternalStore } from "react";
import type { BoxLook, LinkLook, Looks } from "./looks";

/** What whoever debugs is to see at a box: it halts there, or would. */
export type Sign = "halt" | "breakpoint";

const NOTHING: Looks = { boxes: new Map(), links: new Map(), rooms: new Map() };

export class View {
  #looks: Looks = NOTHING;
  /** Whether it is a moment of the past: what has not begun then is yet to come. */
  #isPast = false;
  /** Whether it is of an execution at all; else nothing is yet to come, and no box is drawn as if it were. */
  readonly isOfExecution: boolean;
  #wrong: ReadonlySet<string> = new Set();
  #signs: ReadonlyMap<string, Sign> = new Map();
  readonly #hearers = new Map<string, Set<() => void>>();
  readonly #all = new Set<() => void>();

  constructor(isOfExecution = true) {
    this.isOfExecution = isOfExecution;
  }

  /** `changed`: the boxes and links that are otherwise than they were shown, where one knows that. */
  show(looks: Looks | null, isPast: boolean, changed: readonly string[] | null = null): void {
    const isAll = changed === null || isPast !== this.#isPast || looks !== this.#looks;
    this.#looks = looks ?? NOTHING;
    this.#isPast = isPast;
    if (isAll) for (const hearers of this.#hearers.values()) for (const hearer of hearers) hearer();
    else if (this.#hearers.size > 0) for (const path of changed) for (const hearer of this.#hearers.get(path) ?? []) hearer();
    for (const hearer of this.#all) hearer();
  }

  /** Say in which boxes and edges of the definition something is wrong. */
  mark(wrong: ReadonlySet<string>): void {
    const before = this.#wrong;
    this.#wrong = wrong;
    for (const [path, hearers] of this.#hearers) if (before.has(path) !== wrong.has(path)) for (const hearer of hearers) hearer();
  }

  /** Say at which boxes of the definition it halts, or would. */
  sign(signs: ReadonlyMap<string, Sign>): void {
    const before = this.#signs;
    this.#signs = signs;
    for (const [path, hearers] of this.#hearers) if (before.get(path) !== signs.get(path)) for (const hearer of hearers) hearer();
  }

  signOf(path: string): Sign | undefined {
    return this.#signs.get(path);
  }

  isWrong(path: string): boolean {
    return this.#wrong.has(path);
  }

  get isPast(): boolean {
    return this.#isPast;
  }

  box(path: string): BoxLook | undefined {
    return this.#looks.boxes.get(path);
  }

  link(id: string): LinkLook {
    return this.#looks.links.get(id) ?? "open";
  }

  /** Hear of one box or link, by its path or id; without one of all. */
  hear(of: string | null, hearer: () => void): () => void {
    const hearers = of === null ? this.#all : (this.#hearers.get(of) ?? new Set());
    if (of !== null) this.#hearers.set(of, hearers);
    hearers.add(hearer);
    return () => {
      hearers.delete(hearer);
      if (of !== null && hearers.size === 0 && this.#hearers.get(of) === hearers) this.#hearers.delete(of);
    };
  }
}

export const ViewContext = createContext<View>(new View());

export function useBoxLook(path: string): { readonly look: BoxLook | undefined; readonly isPast: boolean; readonly isOfExecution: boolean; readonly isWrong: boolean; readonly sign: Sign | undefined } {
  const view = useContext(ViewContext);
  const hear = (hearer: () => void) => view.hear(path, hearer);
  const said = useSyncExternalStore(hear, () => {
    const look = view.box(path);
    return look === undefined ? `- ${view.isPast} ${view.isWrong(path)} ${view.signOf(path)}` : `${look.place} ${look.since} ${look.attempt} ${view.isPast} ${view.signOf(path)}`;
  });
  void said;
  return { look: view.box(path), isPast: view.isPast, isOfExecution: view.isOfExecution, isWrong: view.isWrong(path), sign: view.signOf(path) };
}

export function useLinkLook(id: string): LinkLook {
  const view = useContext(ViewContext);
  return useSyncExternalStore(
    (hearer) => view.hear(id, hearer),
    () => view.link(id),
  );
}

/** Whether something is wrong with a box or an edge, by its path or id. */
export function useIsWrong(of: string): boolean {
  const view = useContext(ViewContext);
  return useSyncExternalStore(
    (hearer) => view.hear(of, hearer),
    () => view.isWrong(of),
  );
}
