import { expect, test } from "vitest";
import { beginsWith, entriesOf, type Kind, kindOf } from "./presets";

const KIND = { kind: "llm", begins_with: { model: "openai:a", prompt: "" }, presets: [{ name: "Claude", config: { model: "anthropic:b", prompt: "" } }, { name: "On this machine", config: { model: "ollama:c" } }] } as unknown as Kind;
const PLAIN = { kind: "noop", begins_with: {}, presets: [] } as unknown as Kind;
const KINDS = new Map([KIND, PLAIN].map((one) => [one.kind, one]));

test("a kind that asks models is there as it is, and once more for each provider", () => {
  expect(entriesOf([PLAIN, KIND]).map(({ key, preset }) => [key, preset])).toEqual([
    ["noop", null],
    ["llm", null],
    ["llm Claude", "Claude"],
    ["llm On this machine", "On this machine"],
  ]);
});

test("a node begins with what its entry says, and one that nobody knows with nothing", () => {
  expect(beginsWith(KINDS, "llm On this machine")).toEqual({ kind: "llm", config: { model: "ollama:c" } });
  expect(beginsWith(KINDS, "llm")).toEqual({ kind: "llm", config: { model: "openai:a", prompt: "" } });
  expect(beginsWith(KINDS, "llm Gone")).toEqual({ kind: "llm", config: { model: "openai:a", prompt: "" } });
  expect(beginsWith(KINDS, "own_kind")).toEqual({ kind: "own_kind", config: {} });
  expect(kindOf("llm On this machine")).toBe("llm");
});
