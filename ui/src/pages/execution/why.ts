/** Why a node ran, or did not: the way that led there, from what came before it, back to where its body began. */

import type { Looks } from "../../graph/looks";
import { type Box, boxOf, type Link, type Room } from "../../graph/outline";

export interface Step {
  readonly path: string;
  readonly says: string;
  /** How it was; `null` where it had not begun. */
  readonly state: string | null;
  /** The event since which it is so. */
  readonly version: number | null;
  /** By which edge it led on: port and condition, and whether that was taken. */
  readonly by: { readonly port: string; readonly when: string | null; readonly taken: "taken" | "untaken" | "open" } | null;
}

const STEPS_MAX = 100;

/** The nearest step first. Of several ways in, those that were taken, else those that were not. */
export function whyOf(outline: Room, looks: Looks, path: string): readonly Step[] {
  const steps: Step[] = [];
  const seen = new Set([path]);
  let wave = [path];
  while (wave.length > 0 && steps.length < STEPS_MAX) {
    const next: string[] = [];
    for (const one of wave) {
      const found = boxOf(outline, one);
      if (found === null) continue;
      for (const link of waysIn(found.room.links, looks, one)) {
        if (seen.has(link.from)) continue;
        seen.add(link.from);
        steps.push(stepOf(found.room, looks, link));
        next.push(link.from);
      }
      if (next.length === 0 && found.around !== null && !seen.has(found.around.path)) {
        seen.add(found.around.path);
        steps.push(withinOf(found.around, looks));
        next.push(found.around.path);
      }
    }
    wave = next;
  }
  return steps;
}

function waysIn(links: readonly Link[], looks: Looks, path: string): readonly Link[] {
  const into = links.filter(({ to, isBack }) => to === path && !isBack);
  const taken = into.filter(({ id }) => looks.links.get(id) === "taken");
  return taken.length > 0 ? taken : into;
}

function stepOf(room: Room, looks: Looks, link: Link): Step {
  const box = room.boxes.find(({ path }) => path === link.from);
  const look = looks.boxes.get(link.from);
  return {
    path: link.from,
    says: box?.says ?? link.from,
    state: look?.state ?? null,
    version: look?.since ?? null,
    by: { port: link.port, when: link.when, taken: looks.links.get(link.id) ?? "open" },
  };
}

function withinOf(box: Box, looks: Looks): Step {
  const look = looks.boxes.get(box.path);
  return { path: box.path, says: box.says, state: look?.state ?? null, version: look?.since ?? null, by: null };
}
