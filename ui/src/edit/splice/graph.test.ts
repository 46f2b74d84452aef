import { readFileSync, readdirSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../api/exact";
import { addNode, between, connect, copied, disconnect, freeId, moveInto, moveNodes, paste, removeNodes, tidy } from "./graph";
import { isSame, jsonOf } from "./json";
import { type Path, read } from "./source";
import { idsOf, renameNode } from "./rename";
import { apply, CannotSplice, inverse, type Splice } from "./splice";
import { setValue } from "./value";
import { STYLES, Writer } from "./written";

const EXPRESSIONS: Readonly<Record<string, readonly string[]>> = { condition: ["expression"], for_each: ["items", "until"], wait_signal: ["filter", "signals[].filter"], switch: ["cases[].when"] };
const expressions = (kind: string): ReadonlySet<string> => new Set(EXPRESSIONS[kind]);
const said = (text: string) => jsonOf(read(text), read(text).document.contents as never) as never as Definition;

interface Definition {
  readonly nodes: { readonly id: string; readonly [field: string]: Json }[];
  readonly edges: { readonly from: string; readonly to: string }[];
}

const TEXT = `name: x
nodes:
  # the first
  - id: charge   # takes money
    type: code
    config:
      source: |
        nodes.charge

  - {id: big, type: condition, config: {expression: "nodes.charge.output.n > 1 && 'nodes.charge' != ''"}}
  - id: each
    type: for_each
    config:
      items: nodes.charge.output.items
      body:
        nodes:
          - {id: inner, type: log, config: {message: "charge {{ nodes.charge.output }} of nodes.charge"}}
  - id: fan
    type: parallel
    config: {branches: {left: {nodes: []}, right: {nodes: []}}}
  - {id: done, type: end, config: {output: "{{ nodes['charge'].output }}"}}
edges:
  - {from: charge, to: big}   # first
  - {from: big.true, to: each}
  - {from: big.false, to: fan, when: "nodes.charge.output.ok"}
  - {from: each, to: done}
`;

test("a renamed node is renamed in edges and expressions, and nowhere else", () => {
  const after = apply(TEXT, renameNode(TEXT, [], "charge", "pay", expressions));
  const expected = TEXT.replace("id: charge", "id: pay").replace("from: charge", "from: pay").replace('"nodes.charge.output.n', '"nodes.pay.output.n').replace("items: nodes.charge.", "items: nodes.pay.").replace("{{ nodes.charge.output }}", "{{ nodes.pay.output }}").replace("nodes['charge']", "nodes['pay']").replace('"nodes.charge.output.ok"', '"nodes.pay.output.ok"'); // prettier-ignore
  expect(after).toBe(expected);
  expect(() => renameNode(TEXT, [], "charge", "big", expressions)).toThrow(/already/);
  expect(() => renameNode(TEXT, [], "charge", "Big", expressions)).toThrow(/no id/);
});

test("escapes, nested bodies that have the name themselves, and lists of ids", () => {
  const text = `nodes:
  - {id: a, type: noop}
  - {id: "b", type: log, config: {message: "\\x61: {{ nodes.\\x61.output }} \\"a\\""}}
  - {id: c, type: repeat, config: {times: 1, body: {nodes: [{id: a, type: log, config: {message: "{{ nodes.a.output }}"}}]}}}
  - {id: d, type: cancel, config: {nodes: [a, "a/x", ab]}}
`;
  const after = said(apply(text, renameNode(text, [], "a", "z", expressions)));
  expect(after.nodes.map(({ config }) => config)).toEqual([undefined, { message: 'a: {{ nodes.z.output }} "a"' }, { times: 1, body: { nodes: [{ id: "a", type: "log", config: { message: "{{ nodes.a.output }}" } }] } }, { nodes: ["z", "z/x", "ab"] }]);
});

test("nodes are put in, connected, put between, moved, tidied and taken out, a line or two each", () => {
  let text = TEXT;
  const edit = (splices: readonly Splice[]) => {
    text = apply(text, splices);
  };
  edit(addNode(text, [], { id: "mail", type: "http_request", config: { method: "GET" } }, "big"));
  expect(text).toContain(`  - id: mail\n    type: http_request\n    config: {method: GET}\n  - id: each`);
  edit(connect(text, [], { from: "fan", port: "out", to: "mail" }));
  edit(connect(text, [], { from: "mail", port: "error", to: "done", when: "error.type == 'x'" }));
  expect(text.endsWith(`  - {from: fan, to: mail}\n  - {from: mail.error, to: done, when: "error.type == 'x'"}\n`)).toBe(true);
  edit(between(text, [], 0, { id: "log", type: "log" }, "out"));
  expect(text).toContain(`  - {from: charge, to: log}   # first\n  - {from: log, to: big}\n`);
  edit(moveNodes(text, [{ where: ["nodes", 0], x: 3.4, y: -8 }]));
  expect(text).toContain("    position: {x: 3, y: -8}\n");
  edit(tidy(text, [["nodes", 0]]));
  edit(disconnect(text, [], 1));
  edit(setValue(text, ["edges", 0, "to"], "big"));
  edit(removeNodes(text, [], ["mail", "log"]));
  expect(text).toBe(TEXT);
  expect(() => connect(text, [], { from: "charge", port: "out", to: "big" })).toThrow(CannotSplice);
});

test("what is put into a body in brackets opens it up", () => {
  const body: Path = ["nodes", 3, "config", "branches", "left"];
  const after = apply(TEXT, addNode(TEXT, body, { id: "one", type: "noop" }));
  expect(after).toContain(`      branches:\n        left:\n          nodes:\n            - {id: one, type: noop}\n        right:\n          nodes: []\n`);
  const { splices } = moveInto(TEXT, [], "charge", body, expressions);
  const moved = said(apply(TEXT, splices));
  expect(moved.nodes.map(({ id }) => id)).toEqual(["big", "each", "fan", "done"]);
  expect(apply(TEXT, splices)).toContain(`            - id: charge   # takes money\n              type: code\n              config:\n                source: |\n                  nodes.charge\n`);
  expect(() => moveInto(TEXT, [], "fan", body, expressions)).toThrow(/itself/);
});

test("copies are YAML with their comments, and get ids of their own where they are pasted", () => {
  const clip = copied(TEXT, [], ["charge"]);
  expect(clip).toBe(`- id: charge   # takes money\n  type: code\n  config:\n    source: |\n      nodes.charge\n`);
  const { splices, ids } = paste(TEXT, [], clip, expressions, "charge");
  expect(ids).toEqual(["charge_2"]);
  expect(apply(TEXT, splices)).toContain(`  - id: charge_2   # takes money\n    type: code\n`);
  const both = paste(TEXT, [], '{"nodes": [{"id": "charge", "type": "noop"}, {"type": "end"}], "edges": [{"from": "charge", "to": "end"}]}', expressions);
  expect(both.ids).toEqual(["charge_2", "end"]);
  expect(said(apply(TEXT, both.splices)).edges.at(-1)).toEqual({ from: "charge_2", to: "end" });
  expect(() => paste(TEXT, [], "just words", expressions)).toThrow(/no node/);
});

const KINDS = ["noop", "log", "condition", "for_each", "end"];
const NODES = fc.uniqueArray(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e"), type: fc.constantFrom(...KINDS), config: fc.constantFrom<Json>({}, { message: "{{ nodes.a.output }} nodes.a" }, { expression: "nodes.b.output.ok" }, { x: [1, "two"] }) }), { selector: ({ id }) => id, minLength: 1, maxLength: 5 });
const EDIT = fc.record({ is: fc.constantFrom("add", "remove", "rename", "connect", "disconnect", "move", "copy", "between"), one: fc.nat(9), other: fc.nat(9) });

test("random edits of random graphs: what was asked for, only there, and back again", () => {
  const rolls = fc.array(fc.nat(999), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(NODES, fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 6 }), STYLES, rolls, fc.array(EDIT, { minLength: 1, maxLength: 6 }), (nodes, ends, style, numbers, edits) => {
      const edges = ends.map(([from, to]) => ({ from: nodes[from % nodes.length]?.id ?? "", to: nodes[to % nodes.length]?.id ?? "" }));
      let text = new Writer(style, numbers).document({ name: "x", nodes, edges, output: "{{ nodes.a.output }}" });
      for (const edit of edits) {
        const before = said(text);
        const splices = trySplice(text, before, edit);
        const after = apply(text, splices);
        expect(apply(after, inverse(text, splices))).toBe(text);
        expect({ text, after, edit }).toSatisfy((one: { after: string }) => fits(before, said(one.after), edit));
        text = after;
      }
    }),
    { numRuns: Number(process.env["SPLICES"] ?? 200) },
  );
});

type Edit = { readonly is: string; readonly one: number; readonly other: number };

function trySplice(text: string, { nodes, edges }: Definition, { is, one, other }: Edit): Splice[] {
  const [from, to] = [nodes[one % nodes.length]?.id, nodes[other % nodes.length]?.id];
  try {
    if (is === "add") return addNode(text, [], { id: freeId("fresh", new Set(nodes.map(({ id }) => id))), type: "log", config: { message: "x: y" } }, from);
    if (is === "copy") return paste(text, [], copied(text, [], [from ?? ""]), expressions, to).splices;
    if (is === "remove") return removeNodes(text, [], [from ?? ""]);
    if (is === "rename") return renameNode(text, [], from ?? "", "renamed", expressions);
    if (is === "connect") return connect(text, [], { from: from ?? "", port: "out", to: to ?? "" });
    if (is === "move") return moveNodes(text, [{ where: ["nodes", one % nodes.length], x: other, y: one }]);
    if (is === "between") return between(text, [], one % Math.max(1, edges.length), { id: freeId("mid", new Set(nodes.map(({ id }) => id))), type: "noop" }, "out");
    return disconnect(text, [], one % Math.max(1, edges.length));
  } catch (error) {
    if (error instanceof CannotSplice) return [];
    throw error;
  }
}

/** Nodes and edges that the edit does not name are as they were. */
function fits(before: Definition, after: Definition, { is, one, other }: Edit): boolean {
  const id = before.nodes[one % Math.max(1, before.nodes.length)]?.id;
  const left = (nodes: Definition["nodes"], but: string | undefined) => nodes.filter((node) => node.id !== but);
  const same = (nodes: Json, others: Json) => isSame(nodes, others);
  if (is === "rename") return after.nodes.length === before.nodes.length && !JSON.stringify(after.edges).includes(`"${id}"`) === !after.nodes.some((node) => node.id === id) || id === "renamed" || isSame(before as never, after as never); // prettier-ignore
  if (is === "remove") return same(after.nodes as never, left(before.nodes, id) as never) && isSame(after.edges.length, before.edges.filter(({ from, to }) => from.split(".")[0] !== id && to !== id).length);
  if (is === "move") return same(left(after.nodes, id) as never, left(before.nodes, id) as never) && isSame((after.nodes.find((node) => node.id === id)?.["position"] ?? null) as Json, id === undefined ? null : { x: other, y: one });
  if (is === "connect" || is === "disconnect") return same(after.nodes as never, before.nodes as never);
  const fresh = after.nodes.filter((node) => !before.nodes.some((old) => old.id === node.id));
  return same(after.nodes.filter((node) => !fresh.includes(node)) as never, before.nodes as never) && fresh.length <= 1;
}

test("an edit of an example changes few lines", () => {
  const folder = new URL("../../../../examples/", import.meta.url);
  let lines = 0;
  let edits = 0;
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".yaml") && !one.endsWith(".test.yaml"))) {
    const text = readFileSync(new URL(name, folder), "utf8");
    const ids = idsOf(read(text), []);
    const { nodes } = said(text);
    const all = nodes.flatMap((node, at): Splice[][] => [
      setValue(text, ["nodes", at, "config", "more"], "x"),
      setValue(text, ["nodes", at, "on_error"], "continue"),
      setValue(text, ["nodes", at, "retry", "max_attempts"], 7),
      moveNodes(text, [{ where: ["nodes", at], x: 1, y: 2 }]),
      connect(text, [], { from: node.id, port: "error", to: ids[0] ?? "" }),
      addNode(text, [], { id: "added_here", type: "noop" }, node.id),
    ]);
    for (const splices of all) {
      const after = apply(text, splices);
      expect(() => read(after)).not.toThrow();
      lines += changedLines(text, after);
      edits += 1;
    }
  }
  console.info(`${edits} edits of the examples: ${(lines / edits).toFixed(2)} lines changed each`);
  expect(lines / edits).toBeLessThan(2);
});

/** Lines that are in the one or the other only, the larger number of both. */
function changedLines(before: string, after: string): number {
  const count = (text: string) => text.split("\n").reduce((all, line) => all.set(line, (all.get(line) ?? 0) + 1), new Map<string, number>());
  const [one, other] = [count(before), count(after)];
  const more = (these: Map<string, number>, those: Map<string, number>) => [...these].reduce((sum, [line, times]) => sum + Math.max(0, times - (those.get(line) ?? 0)), 0);
  return Math.max(more(one, other), more(other, one));
}
