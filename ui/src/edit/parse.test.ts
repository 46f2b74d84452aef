import { expect, test } from "vitest";
import { isBroken, parseText, type Parsed } from "./parse";
import { placed, type Problem } from "./place";

const TEXT = `# on top
name: x
nodes:
  - id: each   # a loop
    type: for_each
    config:
      items: "[1]"
      body:
        nodes:
          - {id: "in", type: noop}
          - id: out
            type: noop
            config: {}
  - {id: last, type: end}
edges:
  - {from: each, to: last}
`;

const good = parseText(TEXT) as Parsed;
const problem = (path: string, line: number | null = null, column: number | null = null): Problem => ({ path, line, column, node: null, rule: "r", message: "m", fix: "" });

test("each box knows where its text stands, deep ones too", () => {
  const texts = Object.fromEntries([...good.spans].map(([path, { from, to }]) => [path, TEXT.slice(from, to).split("\n")[0]]));
  expect(texts).toEqual({ each: "id: each   # a loop", "each[]/in": '{id: "in", type: noop}', "each[]/out": "id: out", last: "{id: last, type: end}" });
  expect(good.name).toBe("x");
});

test("a problem stands at its line, and in the innermost box that it is in", () => {
  const [one, other] = placed(TEXT, good.outline, good.spans, [problem("nodes[0].config.body.nodes[1].config.x", 13, 21), problem("nodes[0].config.items", 7, 14)], []);
  expect([TEXT.slice(one?.from, one?.to), one?.box]).toEqual(['"[1]"', "each"]);
  expect([TEXT.slice(other?.from, other?.to), other?.box]).toEqual(["{}", "each[]/out"]);
});

test("nodes[1] is not in nodes[10], and what is in no node is in no box", () => {
  const many = parseText(`nodes:\n${Array.from({ length: 12 }, (_, at) => `  - {id: n${at}, type: noop}`).join("\n")}\n`) as Parsed;
  const boxes = placed("", many.outline, many.spans, [problem("nodes[10].config"), problem("nodes[1]"), problem("edges[0].to"), problem("")], []).map(({ box }) => box);
  expect(boxes.sort()).toEqual([null, null, "n1", "n10"].sort());
});

test("places beyond the text, and between the halves of a pair, are none", () => {
  const text = "a: 😀😀x";
  const span = (line: number, column: number) => placed(text, null, new Map(), [problem("", line, column)], [])[0];
  expect(text.slice(span(1, 6)?.from)).toBe("x");
  expect(span(99, 99)).toMatchObject({ from: 0, to: text.length });
});

test("what is broken says in which line", () => {
  expect(parseText("name: x\nnodes: [a\n")).toMatchObject({ line: 3 });
  expect(parseText("a: 1\na: 2\n")).toMatchObject({ line: 2 });
  expect(isBroken(parseText("a: *nothing"))).toBe(true);
});

test("no text holds it up: deep ones, aliases of aliases, and what is no definition", () => {
  expect(isBroken(parseText("[".repeat(20_000)))).toBe(true);
  const bomb = `a0: &a0 [x]\n${Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(9)}*a${at}]`).join("\n")}`;
  expect(isBroken(parseText(bomb))).toBe(true);
  for (const text of ["", "null", "- 1", "nodes: 5", "nodes: [null, 1, {id: 3}]", "__proto__: {nodes: []}"]) expect(parseText(text)).toMatchObject({ outline: { boxes: [] } });
});
