import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isBroken, parseText, type Parsed } from "../parse";
import type { Around, Catalog } from "./around";
import { optionsAt, saysAt } from "./options";
import type { Kind } from "./role";
import { Language } from "./schema";

const schema = JSON.parse(readFileSync(new URL("../../../../tests/golden/schemas/definition.json", import.meta.url), "utf8"));
const kind = (name: string, fields: Record<string, string[]> = {}, ports = ["out"]) => ({ kind: name, summary: "", category: "flow", ports, fields: Object.entries(fields).map(([path, roles]) => ({ path, roles })) }) as unknown as Kind;
const KINDS = [
  kind("condition", { expression: ["expression"] }, ["true", "false"]),
  kind("for_each", { items: ["items"], body: ["body"] }),
  kind("http_request", { url: ["template"], credential: ["credential"] }),
  kind("sub_workflow", { workflow: ["template"], input: ["template"] }),
  kind("noop"),
  kind("end", { output: ["template"] }, []),
];
const call = (name: string, takes: string[], isMethod = false) => ({ name, takes, is_method: isMethod, gives: "any", written: name, says: "", group: "" });
const FUNCTIONS = [call("size", ["string|list"]), call("math.abs", ["number"]), call("lowerAscii", ["string"], true), call("sort", ["list"], true)];
const CATALOG: Catalog = { language: new Language(schema), kinds: new Map(KINDS.map((one) => [one.kind, one])), functions: FUNCTIONS, workflows: ["refund", "order"], credentials: ["shop"] };

const TEXT = `name: order
input:
  type: object
  properties: {order_id: {type: string, description: which order}, lines: {type: array, items: {type: object, properties: {price: {type: number}}}}}
variables: {approved: false}
nodes:
  - id: charge
    type: http_request
    config: {url: "x"}
  - {id: big, type: condition, config: {expression: "1 > 2"}}
  - id: each
    type: for_each
    config:
      items: input.lines
      body:
        nodes:
          - {id: price, type: noop}
          - {id: keep, type: noop}
        edges:
          - {from: price, to: keep}
  - {id: done, type: end}
edges:
  - {from: charge, to: big}
  - {from: big.true, to: each}
`;

/** The labels offered at `¦`, which stands in the text in place of `before`. */
function offered(before: string, typed: string, text = TEXT): string[] {
  const changed = text.replace(before, typed);
  if (changed === text && before !== typed) throw new Error(`${before} is not there`);
  const at = changed.indexOf("¦");
  const parsed = parseText(text) as Parsed;
  if (isBroken(parsed)) throw new Error("broken");
  const recorded = { outputs: new Map([["charge", { status: 200, body: { id: "ch_1" } }]]) };
  const around: Around = { definition: parsed.definition, outline: parsed.outline, recorded, ports: new Map() };
  const found = optionsAt(changed.replace("¦", ""), at, CATALOG, around);
  const word = changed.slice(found?.from ?? at, at);
  return (found?.options ?? []).map(({ label }) => label).filter((label) => label.startsWith(word));
}

test("keys by their schema, of a config by the kind of its node, without those that are there", () => {
  expect(offered("edges:\n  - {from: charge", "ou¦\nedges:\n  - {from: charge")).toEqual(["output"]);
  expect(offered("    type: http_request\n", "    type: http_request\n    on¦\n")).toEqual(["on_error"]);
  expect(offered("{id: done, type: end}", "{id: done, type: end, config: {out¦}}")).toEqual(["output", "outcome"].sort());
  expect(offered('{expression: "1 > 2"}', "{¦}")).toEqual(["expression"]);
  expect(offered("{id: done, type: end}", "{id: done, type: end, retry: {max¦}}")).toContain("max_attempts");
  expect(offered("{id: done, type: end}", "{id: done, i¦}")).toEqual(["input"]);
});

test("words that a value may be, kinds, nodes, ports, workflows, credentials", () => {
  expect(offered("type: http_request", "type: http¦")).toEqual(["http_request"]);
  expect(offered("{id: done, type: end}", "{id: done, type: end, on_error: ¦}")).toEqual(["fail", "incident", "continue"]);
  expect(offered("to: big}", "to: ¦}")).toEqual(["charge", "big", "each", "done"]);
  expect(offered("from: big.true", "from: big.¦")).toEqual(["big.true", "big.false", "big.error"]);
  expect(offered("{from: price, to: keep}", "{from: price, to: ¦}")).toEqual(["price", "keep"]);
  expect(offered("{id: done, type: end}", "{id: done, type: sub_workflow, config: {workflow: ¦}}")).toEqual(["refund", "order"]);
  expect(offered('{url: "x"}', '{url: "x", credential: ¦}')).toEqual(["shop"]);
});

test("names in reach: what came before, here and around, what was recorded, and no others", () => {
  expect(offered('expression: "1 > 2"', 'expression: "nodes.¦"')).toContain("charge");
  expect(offered('expression: "1 > 2"', 'expression: "nodes.¦"')).not.toContain("each");
  expect(offered("{id: keep, type: noop}", '{id: keep, type: noop, when: "nodes.¦"}').filter((one) => !one.includes("("))).toEqual(expect.arrayContaining(["price", "big", "charge"]));
  expect(offered('expression: "1 > 2"', 'expression: "nodes.charge.output.body.¦"')).toContain("id");
  expect(offered('expression: "1 > 2"', 'expression: "input.or¦"')).toContain("order_id");
  expect(offered('expression: "1 > 2"', 'expression: "input.lines.exists(l, l.pr¦"')).toEqual(["price"]);
  expect(offered('expression: "1 > 2"', 'expression: "vars.¦"')).toContain("approved");
  expect(offered('expression: "1 > 2"', 'expression: "iter¦"')).toEqual([]);
  expect(offered("{id: keep, type: noop}", '{id: keep, type: noop, when: "iteration.¦"}').slice(0, 2)).toEqual(["item", "index"]);
  expect(offered("{id: keep, type: noop}", '{id: keep, type: noop, when: "iteration.item.pr¦"}')).toEqual(["price"]);
  expect(offered('{url: "x"}', '{url: "x/{{ input.order_id.lower¦ }}"}')).toEqual(["lowerAscii"]);
  expect(offered('{url: "x"}', '{url: "x/inp¦"}')).toEqual([]);
  expect(offered('expression: "1 > 2"', "expression: \"'inp¦\"")).toEqual([]);
  expect(offered('expression: "1 > 2"', 'expression: "math.abs¦"')).toEqual(["abs"]);
});

test("a field says what it is", () => {
  const parsed = parseText(TEXT) as Parsed;
  const at = TEXT.indexOf("type: http");
  const around: Around = { definition: parsed.definition, outline: parsed.outline, recorded: { outputs: new Map() }, ports: new Map() };
  expect(saysAt(TEXT, at + 1, CATALOG, around)).toMatchObject({ name: "type", isRequired: true, says: expect.any(String) });
  expect(saysAt(TEXT, TEXT.indexOf("1 > 2"), CATALOG, around)).toBeNull();
});
