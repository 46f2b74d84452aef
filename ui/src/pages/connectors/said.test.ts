import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Action, type Connector, idOf, inputsOf, nodeOf, typeOf } from "./said";

const ACTION: Action = {
  method: "GET",
  path: "/people/{id}",
  input: { type: "object", required: ["id", "x-odd name"], properties: { limit: { type: "integer", description: "how many" }, id: { type: "string" }, "x-odd name": { $ref: "#/$defs/Odd" } } },
};
const CRM: Connector = { name: "crm", base_url: "https://crm.example.com", default_auth: [["key"]], auth: { key: { type: "bearer" } }, actions: { "people/get:One": ACTION } };

test("what is required stands first, with its type in a word", () => {
  expect(inputsOf(ACTION)).toEqual([
    { name: "id", type: "string", isRequired: true, description: "" },
    { name: "x-odd name", type: "Odd", isRequired: true, description: "" },
    { name: "limit", type: "integer", isRequired: false, description: "how many" },
  ]);
  expect([{ type: "array", items: { type: "string" } }, { enum: ["a", 2] }, { oneOf: [{ type: "null" }, { $ref: "#/$defs/A" }] }, { type: ["string", "null"] }, true, undefined].map(typeOf)).toEqual(["array of string", "a | 2", "null | A", "string | null", "", ""]);
});

test("a node of an action is YAML that says what it requires, whatever it is called", () => {
  expect(parse(nodeOf(CRM, "people/get:One", ACTION))).toEqual([
    { id: "people_get_one", type: "connector", config: { connector: "crm", action: "people/get:One", credential: "crm", input: { id: "{{ data.id }}", "x-odd name": "{{ data.value }}" } } },
  ]);
  expect(parse(nodeOf({ ...CRM, name: "no", default_auth: [[], ["key"]] }, "on", { method: "GET", path: "/" }))).toEqual([{ id: "on", type: "connector", config: { connector: "no", action: "on" } }]);
});

test("a name becomes one that a node may have", () => {
  expect(["listOrders", "GET /a/{b}", "2fa", "Ünïcode!"].map(idOf)).toEqual(["list_orders", "get_a_b", "do_2fa", "n_code"]);
});
