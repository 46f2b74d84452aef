/** Where in an expression a problem is: pure. */

import type { Found } from "../api/problem";

export interface Place {
  readonly before: string;
  readonly part: string;
  readonly after: string;
}

/** The line with the part that is meant: what the message has in backticks, else the rest of the line. */
export function placeOf(source: string, found: Found | undefined): Place | null {
  if (found?.line === undefined || found.column === undefined) return null;
  const line = source.split("\n")[Number(found.line) - 1];
  if (line === undefined) return null;
  const signs = [...line]; // columns count characters
  const begin = Math.min(Number(found.column) - 1, signs.length);
  const rest = signs.slice(begin).join("");
  const named = /^`([^`]+)`/.exec(found.message)?.[1];
  const part = named !== undefined && rest.startsWith(named) ? named : rest;
  return { before: signs.slice(0, begin).join(""), part: part === "" ? " " : part, after: rest.slice(part.length) };
}
