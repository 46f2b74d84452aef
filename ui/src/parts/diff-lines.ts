/** The lines of a unified diff, with their numbers on both sides; and the diff of two texts. Pure. */

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

/** Beyond so many lines of difference what came and what went is told as a whole. */
const LINES_MAX = 1_500;
const AROUND = 3;

/** Two texts as a unified diff; empty where they are the same. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return "";
  const old = before.split("\n");
  const now = after.split("\n");
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const told = [
    ...old.slice(0, head).map((line) => ` ${line}`),
    ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map((line) => ` ${line}`),
  ];
  return hunks(told).join("\n");
}

/** The longest lines in common stay, all else came or went. */
function middle(old: readonly string[], now: readonly string[]): string[] {
  if (old.length > LINES_MAX || now.length > LINES_MAX) return [...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`)];
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] as number;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const told: string[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      told.push(` ${old[i]}`);
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= now.length || at(i + 1, j) >= at(i, j + 1))) told.push(`-${old[i++]}`);
    else told.push(`+${now[j++]}`);
  }
  return told;
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
