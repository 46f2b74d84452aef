/** Which names an expression may use where it stands, and what is known of them. Pure. */

import type { Json } from "../../api/exact";
import { type Box, boxOf, type Found, type Room, type Where } from "../../graph/outline";
import type { Recorded } from "./around";
import { shapeAt } from "./expression";
import { asList, asMap, asText, type Schema } from "./schema";
import { both, mapOf, type Shape, shapeOfSchema, shapeOfValue, UNKNOWN } from "./shape";

const TEXT: Shape = { ...UNKNOWN, kind: "string" };
const INT: Shape = { ...UNKNOWN, kind: "int" };
const FAILURE = mapOf([["type", TEXT], ["message", TEXT], ["details", UNKNOWN], ["node", TEXT], ["attempt", INT]]); // prettier-ignore

export interface Standing {
  /** The path of the box; null at the workflow itself. */
  readonly box: string | null;
  /** Which field of its config it is, where that matters: `filter`, `expression`. */
  readonly field: string;
  /** Of an edge: the box that it leaves, whose output is known there. */
  readonly isEdge?: boolean;
}

export function namesAt(definition: Json, outline: Room, standing: Standing, recorded: Recorded): Map<string, Shape> {
  const found = standing.box === null ? null : boxOf(outline, standing.box);
  const names = new Map<string, Shape>();
  const sample = recorded.input === undefined ? UNKNOWN : shapeOfValue(recorded.input);
  names.set("input", both(shapeOfSchema(asMap(definition)["input"] ?? {}), sample));
  if (found !== null) names.set("data", standing.isEdge === true ? outputOf(found.box.path, recorded) : dataOf(found, names.get("input") as Shape, recorded));
  names.set("nodes", mapOf(reached(outline, found, standing.isEdge === true).map((box) => [box.id, nodeOf(box, recorded)])));
  names.set("vars", mapOf(variables(definition, outline, found)));
  const loop = found === null ? null : loopOf(definition, outline, found, recorded);
  if (loop !== null) names.set("iteration", loop);
  if (found !== null && hasError(outline, found)) names.set("error", FAILURE);
  names.set("execution", mapOf([["id", TEXT], ["workflow", TEXT], ["version", INT], ["started_at", TEXT]])); // prettier-ignore
  names.set("trigger", triggerOf(definition, recorded));
  for (const [name, shape] of ofKind(found?.box.kind, standing.field)) names.set(name, shape);
  return names;
}

/** The boxes that come before it: in its own body, and before each container around it. Without a box all of the outermost body. */
export function reached(outline: Room, found: Found | null, withItself = false): Box[] {
  if (found === null) return [...outline.boxes];
  const before: Box[] = [];
  for (let at: Found | null = found; at !== null; at = at.around === null ? null : boxOf(outline, at.around.path)) {
    const paths = new Set<string>(withItself && at === found ? [at.box.path] : []);
    const waiting = [at.box.path];
    for (const path of waiting)
      for (const link of at.room.links)
        if (link.to === path && !paths.has(link.from) && link.from !== (at as Found).box.path) {
          paths.add(link.from);
          waiting.push(link.from);
        }
    before.push(...at.room.boxes.filter(({ path }) => paths.has(path) && !before.some((one) => path.endsWith(`/${one.id}`))));
  }
  return before;
}

function outputOf(path: string, recorded: Recorded): Shape {
  const output = recorded.outputs.get(path);
  return output === undefined ? UNKNOWN : shapeOfValue(output);
}

function nodeOf({ path, says, kind }: Box, recorded: Recorded): Shape {
  return mapOf([["output", outputOf(path, recorded)], ["error", FAILURE]], `${says} (${kind})`); // prettier-ignore
}

/** What comes in: of one edge its source's output; at the beginning what its body is given. */
function dataOf({ box, room, around }: Found, input: Shape, recorded: Recorded): Shape {
  const sources = room.links.filter((link) => link.to === box.path && !link.isBack && link.type === "main");
  const [only] = sources;
  if (only !== undefined && sources.length === 1) {
    if (only.port === "error") return FAILURE;
    return outputOf(only.from, recorded);
  }
  return sources.length === 0 && around === null ? input : UNKNOWN;
}

function* variables(definition: Json, outline: Room, found: Found | null): Generator<readonly [string, Shape]> {
  const bodies: Where[] = [[]];
  for (let at = found; at !== null && at.around !== null; at = boxOf(outline, at.around.path)) bodies.push(at.box.where.slice(0, -2));
  for (const where of bodies) for (const [name, value] of Object.entries(asMap(asMap(valueAt(definition, where))["variables"]))) yield [name, hasTemplate(value) ? UNKNOWN : shapeOfValue(value)];
}

/** `iteration`, with those of the loops around it; of an item what is known of the list, where an expression names that. */
function loopOf(definition: Json, outline: Room, found: Found, recorded: Recorded): Shape | null {
  const around: Shape[] = [];
  for (let at: Found | null = found; at !== null; at = at.around === null ? null : boxOf(outline, at.around.path)) {
    if (at.room.label !== "[]" || at.around === null) continue;
    const items = asMap(asMap(valueAt(definition, at.around.where))["config"])["items"];
    const names = typeof items === "string" ? namesAt(definition, outline, { box: at.around.path, field: "items" }, recorded) : null;
    const item = names === null ? null : shapeAt(String(items).trim(), names).item;
    around.push(mapOf([["item", item ?? UNKNOWN], ["index", INT]])); // prettier-ignore
  }
  const isOnCycle = found.room.links.some(({ isBack }) => isBack);
  if (around.length === 0 && isOnCycle) return mapOf([["index", INT]]); // prettier-ignore
  return around.reduceRight<Shape | null>((outer, one) => (outer === null ? one : { ...one, fields: new Map([...one.fields, ["parent", outer]]) }), null);
}

function hasError(outline: Room, found: Found): boolean {
  for (let at: Found | null = found; at !== null; at = at.around === null ? null : boxOf(outline, at.around.path)) {
    if (at.room.label.startsWith("catch")) return true;
    if (at === found && at.room.links.some((link) => link.to === found.box.path && (link.port === "error" || link.type === "error"))) return true;
  }
  return false;
}

function triggerOf(definition: Json, recorded: Recorded): Shape {
  const own = mapOf([["id", TEXT], ["type", TEXT], ["by", TEXT], ["depth", INT]]); // prettier-ignore
  const kinds = asList(asMap(definition)["triggers"]).map((one) => asText(asMap(one)["type"]));
  const by = mapOf(kinds.flatMap((kind) => (OF_TRIGGERS[kind] ?? []).map((name) => [name, UNKNOWN] as const)));
  return both(both(own, by), recorded.trigger === undefined ? UNKNOWN : shapeOfValue(recorded.trigger));
}

const OF_TRIGGERS: Readonly<Record<string, readonly string[]>> = {
  manual: ["body", "key"],
  schedule: ["due"],
  webhook: ["body", "key", "headers", "query"],
  event: ["event"],
  kafka: ["body", "key", "headers", "message"],
};

function* ofKind(kind: string | undefined, field: string): Generator<readonly [string, Shape]> {
  if (field.endsWith("filter")) yield ["signal", UNKNOWN];
  if (kind === "transform" && (field.endsWith("expression") || field.endsWith("when"))) {
    yield ["item", UNKNOWN];
    yield ["index", INT];
    yield ["acc", UNKNOWN];
  }
}

export function valueAt(value: Json, path: Where): Json {
  let found: Json = value;
  for (const key of path) found = Array.isArray(found) ? ((found[Number(key)] as Json) ?? null) : ((asMap(found) as Schema)[String(key)] ?? null);
  return found;
}

function hasTemplate(value: Json): boolean {
  return typeof value === "string" && value.includes("{{");
}
