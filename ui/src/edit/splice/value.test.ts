import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../api/exact";
import { isMapJson, isSame, jsonOf } from "./json";
import { deeperComments } from "./put";
import { columnOf, dashOf, isCollection, itemEnd, keyStart, lineEnd, lineStart, type Node, pairEnd, type Path, read, startOf } from "./source";
import { reach } from "./walk";
import { apply, CannotSplice, inverse, type Splice } from "./splice";
import { at, changed, removeKey, setValue } from "./value";
import { LEAVES, MAPS, STYLES, VALUES, Writer } from "./written";

const said = (text: string): Json => jsonOf(read(text), read(text).document.contents as never);

/** All places in a value. */
function places(value: Json, path: Path = []): Path[] {
  const inner = Array.isArray(value) ? value.map((_, key) => key) : isMapJson(value) ? Object.keys(value) : [];
  return [path, ...inner.flatMap((key) => places(at(value, [key]) as Json, [...path, key]))];
}

function without(value: Json, path: Path): Json {
  const key = path.at(-1) as string | number;
  const around = at(value, path.slice(0, -1)) as Json;
  const left = Array.isArray(around) ? around.filter((_, own) => own !== key) : Object.fromEntries(Object.entries(around as object).filter(([own]) => own !== key));
  return changed(value, path.slice(0, -1), left);
}

/** Only lines of what is named are changed, comments elsewhere stay, and it can be taken back. */
function fits(text: string, splices: readonly Splice[], path: Path): string {
  const after = apply(text, splices);
  expect(apply(after, inverse(text, splices))).toBe(text);
  const [begin, end] = linesOf(text, path);
  for (const { from, to } of splices) {
    const elsewhere = text.slice(from, Math.max(from, Math.min(to, begin))) + text.slice(Math.min(to, Math.max(from, end)), to);
    expect({ elsewhere, text, after, path, splices }).toSatisfy((one: { elsewhere: string }) => /^([\s,]|\{\s*\}|\[\s*\]|null|~)*$/.test(one.elsewhere));
  }
  const ends = (one: string) => one.match(/\r/g)?.length ?? 0;
  if (text.includes("\r\n")) expect(ends(after)).toBe(after.match(/\n/g)?.length ?? 0);
  return after;
}

/** From the line in which it begins to that in which it ends; of what is not there yet those of what it goes into. */
function linesOf(text: string, path: Path): readonly [number, number] {
  const source = read(text);
  const { holder, depth, node } = reach(source, path);
  if (holder === null) return depth === 0 ? [text.length, text.length] : [0, text.length];
  const isPair = "pair" in holder;
  const around = isPair ? holder.map : holder.list;
  const start = isPair ? keyStart(holder.pair) : around.flow === true ? startOf(node as Node) : dashOf(holder.list, holder.at);
  const end = isPair ? pairEnd(source, holder.pair) : itemEnd(source, holder.list, holder.at);
  const isWhole = depth === path.length || (isCollection(node) && node.flow === true);
  const from = isWhole ? lineStart(text, start) : lineEnd(text, end);
  return [from, lineEnd(text, deeperComments(source, end, columnOf(text, around)))];
}

const ROLLS = fc.array(fc.nat(999), { minLength: 20, maxLength: 60 });

test("any value set anywhere is there afterwards, and nothing else is different", () => {
  fc.assert(
    fc.property(MAPS, STYLES, ROLLS, fc.nat(), fc.constantFrom("", "more", "new"), fc.oneof(LEAVES, VALUES), (whole, style, rolls, pick, extra, value) => {
      const text = new Writer(style, rolls).document(whole);
      expect(isSame(said(text), whole)).toBe(true);
      const found = places(whole).slice(1);
      let path = found[pick % found.length] as Path;
      if (extra !== "" && isMapJson(at(whole, path) as Json)) path = extra === "more" ? [...path, "more"] : [...path, "more", "further"];
      else if (extra !== "" && Array.isArray(at(whole, path))) path = [...path, (at(whole, path) as Json[]).length];
      const after = fits(text, setValue(text, path, value), path);
      expect({ says: said(after), text, after }).toSatisfy((one: { says: Json }) => isSame(one.says, changed(whole, path, value)));
    }),
    { numRuns: RUNS },
  );
});

test("what is taken out is gone, and nothing else is different", () => {
  fc.assert(
    fc.property(MAPS, STYLES, ROLLS, fc.nat(), (whole, style, rolls, pick) => {
      const text = new Writer(style, rolls).document(whole);
      const found = places(whole).slice(1);
      const path = found[pick % found.length] as Path;
      const after = fits(text, removeKey(text, path), path);
      expect({ says: said(after), text, after }).toSatisfy((one: { says: Json }) => isSame(one.says, without(whole, path)));
    }),
    { numRuns: RUNS },
  );
});

const RUNS = Number(process.env["SPLICES"] ?? 400);

const TEXT = `# on top
name: x        # its name
limits: &l {ttl: 1s}
nodes:
  # the first
  - id: a   # why
    type: delay
    config: {for: 1s}
    cache: *l

  - {id: b, type: noop}   # the other
edges: []
`;

test("an edit is as small as it can be", () => {
  expect(setValue(TEXT, ["nodes", 0, "config", "for"], "2s")).toEqual([{ from: TEXT.indexOf("1s}\n    cache"), to: TEXT.indexOf("1s}\n    cache") + 2, insert: "2s" }]);
  expect(apply(TEXT, setValue(TEXT, ["nodes", 1, "when"], "data.ok"))).toBe(TEXT.replace("type: noop}", "type: noop, when: data.ok}"));
  expect(apply(TEXT, setValue(TEXT, ["nodes", 0, "when"], "data.ok > 1"))).toBe(TEXT.replace("    cache: *l\n", '    cache: *l\n    when: "data.ok > 1"\n'));
  expect(apply(TEXT, setValue(TEXT, ["edges", 0], { from: "a", to: "b" }))).toBe(TEXT.replace("edges: []", "edges:\n  - {from: a, to: b}"));
  expect(apply(TEXT, removeKey(TEXT, ["nodes", 1]))).toBe(TEXT.replace("  - {id: b, type: noop}   # the other\n", ""));
  expect(setValue(TEXT, ["name"], "x")).toEqual([]);
  expect(removeKey(TEXT, ["nowhere", 3])).toEqual([]);
});

test("what an alias stands for is changed where it was asked for, and nowhere else", () => {
  const own = apply(TEXT, setValue(TEXT, ["nodes", 0, "cache", "ttl"], "5s"));
  expect(own).toContain("limits: &l {ttl: 1s}");
  expect(own).toContain("cache: {ttl: 5s}");
  const named = apply(TEXT, setValue(TEXT, ["limits", "ttl"], "5s"));
  expect(said(named)).toMatchObject({ limits: { ttl: "5s" }, nodes: [{ cache: { ttl: "1s" } }, {}] });
  expect(said(apply(TEXT, removeKey(TEXT, ["limits"])))).toMatchObject({ nodes: [{ cache: { ttl: "1s" } }, {}] });
});

test("numbers stay as they were written, and a long line of a node becomes lines", () => {
  const text = `limit: 10000.0\nnodes:\n  - {id: a, type: http_request, config: {url: "http://example.org/a/rather/long/path", method: POST}}\n`;
  const after = apply(text, setValue(text, ["nodes", 0, "retry"], { max_attempts: 3 }));
  expect(after).toBe(`limit: 10000.0\nnodes:\n  - id: a\n    type: http_request\n    config: {url: "http://example.org/a/rather/long/path", method: POST}\n    retry: {max_attempts: 3}\n`);
});

test("JSON stays JSON", () => {
  const text = `{\n  "name": "x",\n  "nodes": [\n    {"id": "a", "type": "noop"}\n  ],\n  "edges": []\n}\n`;
  const after = apply(text, setValue(text, ["nodes", 1], { id: "b", type: "noop" }));
  expect(JSON.parse(after).nodes).toHaveLength(2);
  expect(after).toContain(`    {"id": "a", "type": "noop"},\n    {"id": "b", "type": "noop"}\n`);
  expect(JSON.parse(apply(after, setValue(after, ["edges", 0], { from: "a", to: "b" }))).edges).toHaveLength(1);
  expect(JSON.parse(apply(after, removeKey(after, ["nodes", 0]))).nodes).toEqual([{ id: "b", type: "noop" }]);
});

test("a text that is broken is not changed, nor one that has no such place", () => {
  expect(() => setValue("a: [", ["a"], 1)).toThrow(CannotSplice);
  expect(() => setValue("a: 1\n", ["a", "b"], 1)).toThrow(/is no map/);
});

test("a comment behind the last key of a text without a last newline stays", () => {
  expect(apply("on:\n  - a: 0  # why", setValue("on:\n  - a: 0  # why", ["on", 0, "more"], "x".repeat(200)))).toBe(`on:\n  - a: 0  # why\n    more: ${"x".repeat(200)}`);
});
