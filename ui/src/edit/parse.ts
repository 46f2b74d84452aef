/** A text of YAML or JSON as a definition: its graph, where each node stands in it, or in which line it is broken. Pure. */

import { LineCounter, parseDocument } from "yaml";
import type { Json } from "../api/exact";
import { boxesIn, outlineOf, type Room } from "../graph/outline";

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Parsed {
  /** What it is of. */
  readonly text: string;
  readonly name: string;
  readonly outline: Room;
  /** What it says; its numbers are those of JavaScript, so no value is taken from it. */
  readonly definition: Json;
  /** Of each box, by its path, where its text stands. */
  readonly spans: ReadonlyMap<string, Span>;
}

export interface Broken {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Aliases of aliases grow without end; a text that has so many is not drawn. */
const ALIASES_MAX = 100;

export function parseText(text: string): Parsed | Broken {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) return { line: lines.linePos(error.pos[0]).line || 1, message: error.message };
    const definition = document.toJS({ maxAliasCount: ALIASES_MAX }) as Json;
    const outline = outlineOf(definition);
    const spans = new Map<string, Span>();
    for (const box of boxesIn(outline)) {
      const node = document.getIn(box.where, true) as { range?: [number, number, number] | null } | undefined;
      if (node?.range) spans.set(box.path, { from: node.range[0], to: node.range[1] });
    }
    const name = typeof definition === "object" && definition !== null && "name" in definition ? definition["name"] : "";
    return { name: typeof name === "string" ? name : "", text, outline, definition, spans };
  } catch (error) {
    return { line: 1, message: error instanceof RangeError ? "it is nested too deep to be drawn" : (error as Error).message };
  }
}

export function isBroken(parsed: Parsed | Broken): parsed is Broken {
  return "message" in parsed;
}
