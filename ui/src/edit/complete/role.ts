/** What a value is for: an expression, a text with templates, the name of something. Pure. */

import type { Schemas } from "../../api/client";
import { written } from "../place";
import type { Where } from "../../graph/outline";

export type Kind = Schemas["NodeKind"];

export type Role = "expression" | "template" | "node" | "from" | "workflow" | "credential" | "variable" | "port" | "kind" | "duration" | "plain";

/** Where the node is that a path leads through: the innermost one, and what stands behind it; null where it is in none. */
export function nodeIn(path: Where): { readonly node: Where; readonly rest: Where } | null {
  for (let at = path.length - 2; at >= 0; at -= 1) {
    if (path[at] === "nodes" && typeof path[at + 1] === "number" && (at === 0 || BODIES.has(String(path[at - 1])) || path[at - 2] === "branches"))
      return { node: path.slice(0, at + 2), rest: path.slice(at + 2) };
  }
  return null;
}

const BODIES: ReadonlySet<string> = new Set(["body", "finally", "on_error"]);

/** The body that the edge of a path is in, and what stands behind it. */
export function edgeIn(path: Where): { readonly body: Where; readonly rest: Where } | null {
  const at = path.findLastIndex((key, index) => key === "edges" && typeof path[index + 1] === "number");
  return at === -1 ? null : { body: path.slice(0, at), rest: path.slice(at + 2) };
}

/** The roles of the value at a path; `kindOf` tells of the kind of the node there. */
export function roleOf(path: Where, kindOf: (node: Where) => Kind | undefined): Role {
  const last = path.at(-1);
  const edge = edgeIn(path);
  const found = nodeIn(path);
  if (edge !== null && (found === null || edge.body.length > found.node.length)) return last === "from" ? "from" : last === "to" ? "node" : last === "when" ? "expression" : "plain";
  if (found === null) return ofWorkflow(path);
  const { node, rest } = found;
  const [first] = rest;
  if (rest.length === 1 && first === "type") return "kind";
  if (rest.length === 1 && first === "when") return "expression";
  if (first === "input") return "template";
  if (first === "cache") return last === "key" ? "expression" : "duration";
  const config = first === "config" ? rest.slice(1) : first === "compensate" && rest[1] === "config" ? rest.slice(2) : null;
  return config === null || config.length === 0 ? "plain" : ofConfig(kindOf(first === "config" ? node : [...node, "compensate"]), config);
}

function ofWorkflow(path: Where): Role {
  const [first, second] = path;
  if (first === "output" || first === "variables") return "template";
  if (first === "triggers") return path.includes("input") ? "template" : path.at(-1) === "filter" ? "expression" : "plain";
  if (first === "settings" && (second === "search" || path.at(-1) === "key")) return "expression";
  return path.at(-1) === "output" || path.at(-2) === "variables" ? "template" : "plain";
}

/** By the fields that a kind tells of; the longest path that fits counts. */
function ofConfig(kind: Kind | undefined, config: Where): Role {
  if (kind === undefined) return "template";
  const at = written(config);
  let best: { roles: readonly string[]; length: number } | null = null;
  for (const { path, roles } of kind.fields) {
    const whole = path.split(/\.|(?=\[)/).map((part) => (part === "[]" ? String.raw`\[\d+\]` : part === "*" ? String.raw`\.[^.[]+` : `${String.raw`\.`}${part.replace(/\W/g, String.raw`\$&`)}`)).join("");
    const within = roles.includes("template") ? String.raw`(?:[.[].*)?` : "";
    if (new RegExp(`^${whole}${within}$`, "s").test(`.${at}`) && (best === null || path.length > best.length)) best = { roles, length: path.length };
  }
  const roles = best?.roles ?? [];
  if (roles.includes("expression") || roles.includes("items")) return "expression";
  if (roles.includes("credential")) return "credential";
  if (kind.kind === "sub_workflow" && at === "workflow") return "workflow";
  if ((kind.kind === "set_variable" || kind.kind === "get_variable") && at === "name") return "variable";
  if (roles.includes("port")) return "port";
  if (roles.includes("duration")) return "duration";
  return roles.includes("template") ? "template" : "plain";
}
