/** What a connector says, as its document has it, and what a node needs to run one of its actions. Pure. */

import type { Json } from "../../api/exact";

export interface Scheme {
  readonly type: "basic" | "bearer" | "api_key" | "oauth2";
  readonly in?: "header" | "query" | "cookie";
  readonly name?: string;
  readonly token_url?: string;
  readonly description?: string;
}

type Schema = Readonly<Record<string, Json>>;

export interface Action {
  readonly summary?: string | null;
  readonly description?: string | null;
  readonly method: string;
  readonly path: string;
  readonly input?: Schema;
  readonly output?: Json;
  readonly body?: { readonly media_type: string } | null;
  readonly auth?: readonly (readonly string[])[] | null;
  readonly expect?: readonly Json[] | null;
  readonly retry_on?: readonly Json[] | null;
  readonly paging?: { readonly by: string } | null;
}

export interface Connector {
  readonly name: string;
  readonly description?: string | null;
  readonly base_url: string;
  readonly auth?: Readonly<Record<string, Scheme>>;
  readonly default_auth?: readonly (readonly string[])[];
  readonly retry_on?: readonly Json[];
  readonly actions: Readonly<Record<string, Action>>;
  readonly schemas?: Readonly<Record<string, Json>>;
}

export interface Input {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
}

/** What an action takes, what is required first. */
export function inputsOf(action: Action): readonly Input[] {
  const properties = mapOf(action.input?.["properties"]);
  const required = new Set(Array.isArray(action.input?.["required"]) ? (action.input["required"] as readonly Json[]) : []);
  const all = Object.entries(properties).map(([name, schema]) => ({ name, type: typeOf(schema), isRequired: required.has(name), description: textOf(mapOf(schema)["description"]) }));
  return [...all.filter(({ isRequired }) => isRequired), ...all.filter(({ isRequired }) => !isRequired)];
}

/** The type of a schema in a word or two: `string`, `integer`, `array of string`, the name of what it refers to. */
export function typeOf(schema: Json | undefined): string {
  const said = mapOf(schema);
  if (typeof said["$ref"] === "string") return said["$ref"].slice(said["$ref"].lastIndexOf("/") + 1);
  if (Array.isArray(said["enum"])) return (said["enum"] as readonly Json[]).slice(0, 6).map((one) => textOf(one) || JSON.stringify(one)).join(" | ");
  const type = Array.isArray(said["type"]) ? (said["type"] as readonly Json[]).join(" | ") : textOf(said["type"]);
  if (type === "array" && said["items"] !== undefined) return `array of ${typeOf(said["items"])}`;
  for (const one of ["oneOf", "anyOf", "allOf"]) if (type === "" && Array.isArray(said[one])) return (said[one] as readonly Json[]).slice(0, 4).map(typeOf).join(one === "allOf" ? " & " : " | ");
  return type;
}

/** The kinds of credentials that show who asks by these schemes: one of each list, all of that. */
export function kindsOf(connector: Connector, action: Action): readonly (readonly string[])[] {
  return action.auth ?? connector.default_auth ?? [];
}

/** The kind of credential that a scheme takes. */
export function kindOf({ type }: Scheme): string {
  return type === "api_key" ? "header" : type;
}

/** A node that runs an action, in YAML: what it requires is there to be filled in. */
export function nodeOf(connector: Connector, name: string, action: Action): string {
  const needs = kindsOf(connector, action);
  const required = inputsOf(action).filter(({ isRequired }) => isRequired);
  const input = required.map((one) => `      ${scalar(one.name)}: "{{ data.${/^\w+$/.test(one.name) ? one.name : "value"} }}"`);
  const lines = [
    `- id: ${idOf(name)}`,
    "  type: connector",
    "  config:",
    `    connector: ${scalar(connector.name)}`,
    `    action: ${scalar(name)}`,
    ...(needs.length > 0 && needs.every((one) => one.length > 0) ? [`    credential: ${scalar(connector.name)}`] : []),
    ...(input.length > 0 ? ["    input:", ...input] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** A name that a node may have. */
export function idOf(action: string): string {
  const id = action.replace(/([a-z\d])([A-Z])/g, "$1_$2").toLowerCase().replace(/[^a-z\d]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60); // prettier-ignore
  return /^[a-z]/.test(id) ? id : `do_${id}`;
}

/** Plain where YAML reads it as that text, else in quotes. */
function scalar(text: string): string {
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}

function mapOf(value: Json | undefined): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
