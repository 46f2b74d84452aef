/** Where the problems of a definition stand: in which lines of its text, and in which boxes of its graph. Pure. */

import type { Schemas } from "../api/client";
import { type Box, boxesIn, type Room } from "../graph/outline";
import type { Span } from "./parse";

export type Problem = Schemas["ProblemItem"];

export interface Placed extends Span {
  readonly problem: Problem;
  readonly severity: "error" | "warning";
  /** The path of the innermost box that it is in. */
  readonly box: string | null;
}

/** Problems and warnings by their place in the text; what has no line stands at its node, else in the first line. */
export function placed(text: string, outline: Room | null, spans: ReadonlyMap<string, Span>, problems: readonly Problem[], warnings: readonly Problem[]): Placed[] {
  const starts = lineStarts(text);
  const boxes = outline === null ? [] : [...boxesIn(outline)];
  const place = (problem: Problem, severity: Placed["severity"]): Placed => {
    const box = boxAt(boxes, problem.path);
    return { problem, severity, box, ...spanOf(text, starts, problem, box === null ? undefined : spans.get(box)) };
  };
  return [...problems.map((one) => place(one, "error")), ...warnings.map((one) => place(one, "warning"))].sort((one, other) => one.from - other.from);
}

/** `nodes[0].config.url` is in the box that stands at `nodes[0]`; of several the innermost. */
export function boxAt(boxes: readonly Box[], path: string): string | null {
  let found: { path: string; length: number } | null = null;
  for (const box of boxes) {
    const at = written(box.where);
    const isIn = path === at || path.startsWith(`${at}.`) || path.startsWith(`${at}[`);
    if (isIn && (found === null || at.length > found.length)) found = { path: box.path, length: at.length };
  }
  return found?.path ?? null;
}

/** As the server writes paths: `nodes[0].config.branches.left.nodes[1]`. */
export function written(where: readonly (string | number)[]): string {
  return where.map((key, at) => (typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`)).join("");
}

function spanOf(text: string, starts: readonly number[], { line, column }: Problem, span: Span | undefined): Span {
  if (line === null) return span === undefined ? lineFrom(text, starts, 1, 1) : { from: span.from, to: Math.min(span.to, endOfLine(text, span.from)) };
  return lineFrom(text, starts, line, column ?? 1);
}

/** From there to the end of its line; columns count characters, as the server does, and not the halves of pairs. */
function lineFrom(text: string, starts: readonly number[], line: number, column: number): Span {
  const start = starts[Math.min(line, starts.length) - 1] ?? 0;
  const end = endOfLine(text, start);
  let from = start;
  for (const sign of text.slice(start, end)) {
    if (--column < 1) break;
    from += sign.length;
  }
  return from < end ? { from, to: end } : { from: start, to: end };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
