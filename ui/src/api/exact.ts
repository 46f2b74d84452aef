/**
 * JSON with its numbers as they were written: `10000.0` is not 10000, and 9007199254740993 is a number, too.
 *
 * A number that JavaScript would write otherwise becomes an `Exact`, which holds its text; all others are plain numbers.
 */

export class Exact {
  constructor(readonly source: string) {}

  /** The nearest that JavaScript can calculate with. */
  valueOf(): number {
    return Number(this.source);
  }

  toString(): string {
    return this.source;
  }

  /** For those who call `JSON.stringify` after all: better a text than another number. */
  toJSON(): string {
    return this.source;
  }
}

export type Json = null | boolean | number | string | Exact | readonly Json[] | { readonly [key: string]: Json };

/** Read JSON. Throws SyntaxError. */
export function parse(text: string): Json {
  return HAS_SOURCE ? (JSON.parse(text, exactly as (key: string, value: unknown) => unknown) as Json) : new Reader(text).whole();
}

/** Write JSON: what was read, and nothing else. */
export function write(value: Json, indent = 0): string {
  return written(value, indent, "");
}

function exactly(_: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" && context.source !== undefined ? numberOf(context.source) : value;
}

export function numberOf(source: string): number | Exact {
  const value = Number(source);
  return String(value) === source ? value : new Exact(source);
}

const HAS_SOURCE = (() => {
  let source: unknown;
  (JSON.parse as (text: string, reviver: (...given: [string, unknown, { source?: string }]) => unknown) => unknown)("1.0", (_, value, context) => {
    source = context?.source;
    return value;
  });
  return source === "1.0";
})();

function written(value: Json, indent: number, margin: string): string {
  if (value instanceof Exact) return value.source;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = margin + " ".repeat(indent);
  const parts = Array.isArray(value)
    ? value.map((one: Json) => written(one, indent, inner))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${indent > 0 ? " " : ""}${written(one as Json, indent, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return indent === 0 ? `${open}${parts.join(",")}${close}` : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: Readonly<Record<string, Json>> = { true: true, false: false, null: null };

/** Reads JSON where the browser does not tell how a number was written. Keeps its own stack: it may be nested as deep as it likes. */
export class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  whole(): Json {
    const value = this.#value();
    if (this.#at !== this.text.length) throw this.#wrong();
    return value;
  }

  #value(): Json {
    const open: { container: Json[] | Record<string, Json>; key: string }[] = [];
    for (;;) {
      this.#take(SPACE);
      const sign = this.text[this.#at];
      let value: Json;
      if (sign === "[" || sign === "{") {
        this.#at += 1;
        this.#take(SPACE);
        const container: Json[] | Record<string, Json> = sign === "[" ? [] : {};
        if (this.text[this.#at] !== (sign === "[" ? "]" : "}")) {
          open.push({ container, key: sign === "{" ? this.#key() : "" });
          continue;
        }
        this.#at += 1;
        value = container;
      } else value = this.#scalar(sign);
      for (;;) {
        this.#take(SPACE);
        const around = open.at(-1);
        if (around === undefined) return value;
        const isList = Array.isArray(around.container);
        if (isList) (around.container as Json[]).push(value);
        else Object.defineProperty(around.container, around.key, { value, enumerable: true, configurable: true, writable: true });
        const next = this.text[this.#at++];
        if (next === ",") {
          if (!isList) around.key = this.#key();
          break;
        }
        if (next !== (isList ? "]" : "}")) throw this.#wrong();
        value = around.container as Json;
        open.pop();
      }
    }
  }

  #key(): string {
    this.#take(SPACE);
    const key = JSON.parse(this.#expect(STRING)) as string;
    this.#take(SPACE);
    if (this.text[this.#at++] !== ":") throw this.#wrong();
    return key;
  }

  #scalar(sign: string | undefined): Json {
    if (sign === '"') return JSON.parse(this.#expect(STRING)) as string;
    for (const [word, value] of Object.entries(WORDS)) {
      if (this.text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return numberOf(this.#expect(NUMBER));
  }

  #expect(pattern: RegExp): string {
    const found = this.#take(pattern);
    if (found === "") throw this.#wrong();
    return found;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #wrong(): SyntaxError {
    return new SyntaxError(`this is no JSON, at character ${this.#at}`);
  }
}
