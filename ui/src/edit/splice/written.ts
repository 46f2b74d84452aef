/** Documents for tests, written in all the ways that people write them: with comments, in block and flow style, indented by 2 or 4, with either end of lines. */

import fc from "fast-check";
import type { Json } from "../../api/exact";
import { inline } from "./write";

export interface Style {
  readonly step: 2 | 4;
  readonly dashes: boolean;
  readonly eol: "\n" | "\r\n";
  readonly endsBare: boolean;
  readonly isJson: boolean;
}

export const STYLES: fc.Arbitrary<Style> = fc.record({
  step: fc.constantFrom(2 as const, 4 as const),
  dashes: fc.boolean(),
  eol: fc.constantFrom("\n" as const, "\r\n" as const),
  endsBare: fc.boolean(),
  isJson: fc.constant(false),
});

const WORDS = ["a", "b", "limit", "yes", "no: way", "# no comment", "x - y", "{{ nodes.a.output }}", "it's", 'say "so"', "ü", "", " padded ", "2", "1e3", "null", "line\nother\n", "line\n\n  deep\nlast", "a\n\n", "\ttab", "- dash", "*star", "&and", "~", "@at", "a #b", "C:\\x"];
export const TEXTS = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...WORDS) }, { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }) });
export const LEAVES: fc.Arbitrary<Json> = fc.oneof(TEXTS, fc.integer({ min: -5, max: 2000 }), fc.boolean(), fc.constant(null), fc.constantFrom(0.5, 1.25));
const KEYS = fc.constantFrom("a", "b", "config", "id", "with space", "on", "items", "x-y", "2");

export const VALUES: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: LEAVES },
    { weight: 2, arbitrary: fc.dictionary(KEYS, tie("value"), { maxKeys: 4, noNullPrototype: true }) },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
  ),
})).value;

export const MAPS = fc.dictionary(KEYS, VALUES, { minKeys: 1, maxKeys: 5, noNullPrototype: true });

/** Draws how each part is written; the same numbers always write the same text. */
export class Writer {
  readonly #rolls: readonly number[];
  #at = 0;
  #comments = 0;

  constructor(
    readonly style: Style,
    rolls: readonly number[],
  ) {
    this.#rolls = rolls;
  }

  document(value: { readonly [key: string]: Json }): string {
    const lines = [...this.#above(0), ...this.#map(value, 0)];
    const text = lines.join(this.style.eol);
    return this.style.endsBare ? text : text + this.style.eol;
  }

  #roll(sides: number): number {
    const roll = this.#rolls[this.#at % this.#rolls.length] ?? 0;
    this.#at += 1;
    return roll % sides;
  }

  #above(column: number): string[] {
    const roll = this.#roll(6);
    if (roll === 0) return [`${" ".repeat(column)}# c${(this.#comments += 1)}`];
    return roll === 1 ? [""] : [];
  }

  #beside(): string {
    return this.#roll(4) === 0 ? `  # c${(this.#comments += 1)}` : "";
  }

  #key(key: string): string {
    const plain = /^[a-z][a-z-]*$/.test(key) && key !== "on";
    return plain && this.#roll(5) > 0 ? key : this.#roll(2) === 0 || key.includes("'") ? JSON.stringify(key) : `'${key}'`;
  }

  #map(value: { readonly [key: string]: Json }, column: number): string[] {
    return Object.entries(value).flatMap(([key, one], at) => [...(at === 0 ? [] : this.#above(column)), ...this.#behind(`${" ".repeat(column)}${this.#key(key)}:`, one, column, this.style.dashes ? this.style.step : 0)]);
  }

  #list(value: readonly Json[], column: number): string[] {
    return value.flatMap((one, at) => {
      const above = at === 0 ? [] : this.#above(column);
      const lead = `${" ".repeat(column)}-`;
      const isMap = typeof one === "object" && one !== null && !Array.isArray(one) && Object.keys(one).length > 0;
      if (isMap && this.#roll(2) === 0) {
        const [head = "", ...lines] = this.#map(one as { [key: string]: Json }, column + 2);
        return [...above, `${lead} ${head.trimStart()}`, ...lines];
      }
      return [...above, ...this.#behind(lead, one, column, this.style.step)];
    });
  }

  #behind(lead: string, value: Json, column: number, dashes: number): string[] {
    const isNested = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (isNested && this.#roll(3) > 0) {
      const inner = Array.isArray(value) ? this.#list(value as Json[], column + dashes) : this.#map(value as { [key: string]: Json }, column + this.style.step);
      const deep = column + this.style.step;
      return [`${lead}${this.#beside()}`, ...(this.#roll(8) === 0 ? [`${" ".repeat(deep)}# c${(this.#comments += 1)}`] : []), ...inner, ...(this.#roll(8) === 0 && !endsInBlock(value) ? [`${" ".repeat(deep)}# c${(this.#comments += 1)}`] : [])];
    }
    if (isNested) return [`${lead} ${this.#flow(value, column)}${this.#beside()}`];
    if (typeof value === "string" && /^[a-z]+\n([a-z ]*\n)*[a-z]+\n?$/.test(value)) return [`${lead} |${value.endsWith("\n") ? "" : "-"}`, ...value.replace(/\n$/, "").split("\n").map((line) => (line === "" ? "" : " ".repeat(column + this.style.step) + line))]; // prettier-ignore
    if (value === null && this.#roll(2) === 0) return [`${lead}${this.#beside()}`];
    return [`${lead} ${this.#scalar(value)}${this.#beside()}`];
  }

  #flow(value: Json, column: number): string {
    if (this.#roll(3) > 0) return inline(value, this.#roll(2) === 0);
    const pad = " ".repeat(column + this.style.step);
    const parts = Array.isArray(value) ? value.map((one) => inline(one as Json, true)) : Object.entries(value as object).map(([key, one]) => `${JSON.stringify(key)}: ${inline(one as Json, true)}`);
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    const { eol } = this.style;
    const trailing = this.#roll(3) === 0 ? "," : "";
    return `${open}${eol}${parts.map((part, at) => `${pad}${part}${at < parts.length - 1 ? "," : trailing}${this.#beside()}`).join(eol)}${eol}${" ".repeat(column + 1)}${close}`;
  }

  #scalar(value: Json): string {
    if (typeof value === "string" && this.#roll(3) === 0 && !/[^ -~]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
    return inline(value, typeof value === "string" && this.#roll(3) === 0);
  }
}

function endsInBlock(value: Json): boolean {
  if (typeof value === "string") return value.includes("\n");
  const last = typeof value === "object" && value !== null ? (Object.values(value).at(-1) as Json | undefined) : undefined;
  return last !== undefined && last !== null && endsInBlock(last);
}
