/** The lines of a unified diff, with their numbers on both sides; and the diff of two texts. Pure. */

import { pairsOf } from "./line-match";

export interface DiffLine {
  readonly kind: "same" | "added" | "removed" | "gap";
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

export function diffLines(unified: string): DiffLine[] {
  const made: DiffLine[] = [];
  let before = 0;
  let after = 0;
  for (const line of unified.split("\n")) {
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      if (before > 1 || made.length > 0) made.push({ kind: "gap", before: null, after: null, text: "" });
    } else if (before === 0 && after === 0) continue; // the names of both
    else if (line.startsWith("+")) made.push({ kind: "added", before: null, after: after++, text: line.slice(1) });
    else if (line.startsWith("-")) made.push({ kind: "removed", before: before++, after: null, text: line.slice(1) });
    else if (line.startsWith(" ")) made.push({ kind: "same", before: before++, after: after++, text: line.slice(1) });
  }
  return made;
}

const AROUND = 3;

/** Two texts as a unified diff; empty where they are the same. */
export function unifiedDiff(before: string, after: string): string {
  return before === after ? "" : hunks(told(before.split("\n"), after.split("\n"))).join("\n");
}

/** The longest lines in common stay, all else came or went. */
function told(old: readonly string[], now: readonly string[]): string[] {
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  for (const [toI, toJ] of [...pairsOf(old, now), [old.length, now.length] as const]) {
    while (i < toI) lines.push(`-${old[i++]}`);
    while (j < toJ) lines.push(`+${now[j++]}`);
    if (i < old.length && j < now.length) lines.push(` ${old[i]}`);
    i += 1;
    j += 1;
  }
  return lines;
}

/** Only what changed, with some lines around it. */
function hunks(told: readonly string[]): string[] {
  const near = new Uint8Array(told.length);
  for (const [at, line] of told.entries()) if (!line.startsWith(" ")) near.fill(1, Math.max(0, at - AROUND), at + AROUND + 1);
  const made: string[] = [];
  let before = 1;
  let after = 1;
  for (const [at, line] of told.entries()) {
    if (near[at] === 1 && (at === 0 || near[at - 1] === 0)) made.push(`@@ -${before} +${after} @@`);
    if (near[at] === 1) made.push(line);
    if (!line.startsWith("+")) before += 1;
    if (!line.startsWith("-")) after += 1;
  }
  return made;
}
