import { expect, test } from "vitest";
import { parse, type Json } from "../../api/exact";
import { fieldsOf } from "../../form/fields";
import { valueIn } from "../../form/form";
import { filled, NAME, schemaOf, type Template } from "./filled";

const TEMPLATE: Template = {
  id: "tell", origin: "own", name: "tell", title: "Tell", description: "", tags: [], syntax: "yaml",
  text: "# Why\nname: tell   # its name\nvariables: {limit: 10000.0}\nnodes:\n  - {id: tell, type: log, config: {message: 'hi'}} # the one\n",
  holes: [
    { name: "limit", at: ["variables", "limit"], schema: { type: "number", title: "Limit", default: parse("10000.0") } },
    { name: "message", at: ["nodes", 0, "config", "message"], schema: { type: "string", title: "Message", default: "hi" } },
  ],
}; // prettier-ignore

const typed = (texts: Record<string, string>) => valueIn(schemaOf(TEMPLATE, "Name"), texts).value as { readonly [name: string]: Json };

test("its name is asked for first, then its holes, with what stands there", () => {
  expect(fieldsOf(schemaOf(TEMPLATE, "Name"))?.map(({ says, kind, first }) => [says, kind, first])).toEqual([["Name", "text", "tell"], ["Limit", "number", "10000.0"], ["Message", "text", "hi"]]); // prettier-ignore
});

test("what nobody touched stays as it was written, byte for byte", () => {
  expect(filled(TEMPLATE, typed({}))).toBe(TEMPLATE.text);
});

test("only the values that were typed change, numbers as they were typed", () => {
  expect(filled(TEMPLATE, typed({ [NAME]: "warn", limit: "9007199254740993.50", message: "a: b # no comment" }))).toBe(
    TEMPLATE.text.replace("name: tell ", "name: warn ").replace("10000.0", "9007199254740993.50").replace("'hi'", '"a: b # no comment"'),
  );
});
