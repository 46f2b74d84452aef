import { expect, test } from "vitest";
import { pathKey, spotAt } from "./spot";

/** What stands at `|` in a text. */
function at(text: string) {
  const spot = spotAt(text.replace("¦", ""), text.indexOf("¦"));
  return [spot.is, spot.path.join("."), spot.typed, spot.quote];
}

const HEAD = `name: x # a name
nodes:
  - id: first
    type: delay
    config: {for: 1s}
  - {id: "in", type: noop}
`;

test("keys and values of block maps, half typed", () => {
  expect(at("na¦")).toEqual(["key", "", "na", ""]);
  expect(at("name: x\nno¦")).toEqual(["key", "", "no", ""]);
  expect(at("nodes:\n  - id: a\n    ty¦")).toEqual(["key", "nodes.0", "ty", ""]);
  expect(at("nodes:\n  - id: a\n    type: htt¦")).toEqual(["value", "nodes.0.type", "htt", ""]);
  expect(at("nodes:\n- id: a\n- id: b\n  type: ¦")).toEqual(["value", "nodes.1.type", "", ""]);
  expect(at("nodes:\n  - id: a\n    config:\n      u¦")).toEqual(["start", "nodes.0.config", "u", ""]);
  expect(at("nodes:\n  - ¦")).toEqual(["start", "nodes.0", "", ""]);
  expect(at(`${HEAD}ed¦\nedges: []`)).toEqual(["key", "", "ed", ""]);
  expect(at(`${HEAD}  - id: z\n    ¦\n    type: end`)).toEqual(["key", "nodes.2", "", ""]);
});

test("braces and brackets, over several lines", () => {
  expect(at("edges:\n  - {from: a, t¦}")).toEqual(["key", "edges.0", "t", ""]);
  expect(at("edges:\n  - {from: a, to: b¦}")).toEqual(["value", "edges.0.to", "b", ""]);
  expect(at("edges:\n  - {from: a,\n     to: ¦}")).toEqual(["value", "edges.0.to", "", ""]);
  expect(at("a: [{b: 1}, {c: [x, y¦")).toEqual(["value", "a.1.c.1", "y", ""]);
  expect(at(`nodes: [{id: a, config: {url: "http://x/{{ inp¦ }}"}}]`)).toEqual(["value", "nodes.0.config.url", "http://x/{{ inp", '"']);
  expect(at('{"nodes": [{"id": "a", "ty¦"}]}')).toEqual(["key", "nodes.0", "ty", '"']);
});

test("texts: quoted ones, those of several lines, and what looks like a key in them", () => {
  expect(at("a:\n  code: |\n    b: c\n    d¦\n  e: 1")).toEqual(["value", "a.code", "    b: c\n    d", "|"]);
  expect(at("a:\n  code: |\n    b: c\n  e¦")).toEqual(["key", "a", "e", ""]);
  expect(at("a: 'it''s ¦'")).toEqual(["value", "a", "it''s ", "'"]);
  expect(at('a: "x\n  y: ¦"')).toEqual(["value", "a", "x\n  y: ", '"']);
  expect(at("a: 1 \n# b: ¦")[0]).toBe("none");
});

test("what the maps around say is known", () => {
  const text = `${HEAD}  - id: last\n    type: end\n    config: {o`;
  const { seen } = spotAt(text, text.length);
  expect(seen.get(pathKey(["nodes", 2]))).toEqual({ id: "last", type: "end" });
  expect(seen.get(pathKey(["nodes", 1]))).toEqual({ id: "in", type: "noop" });
  expect(seen.get(pathKey([]))).toEqual({ name: "x", nodes: "" });
});

test("no text holds it up", () => {
  for (const text of ["", "[".repeat(1_000), "- ".repeat(500), "{".repeat(100) + "}".repeat(200), "a: b: c: d", ": : :", "\t- x", "'", '"\\'])
    for (const place of [0, text.length >> 1, text.length]) expect(spotAt(text, place).from).toBeLessThanOrEqual(text.length);
});
