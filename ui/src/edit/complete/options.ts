/** What may stand at a place of a definition's text. Pure. */

import type { Json } from "../../api/exact";
import { boxesIn, type Where } from "../../graph/outline";
import { written } from "../place";
import type { Around, Catalog } from "./around";
import { type Option, type Options, optionsIn, templateAt } from "./expression";
import { NOTHING } from "./around";
import { namesAt, valueAt } from "./reach";
import { edgeIn, type Kind, nodeIn, type Role, roleOf } from "./role";
import { asMap, asText, type Known, unquoted } from "./schema";
import { pathKey, type Spot, spotAt } from "./spot";

export function optionsAt(text: string, at: number, catalog: Catalog, around: Around): Options | null {
  const spot = spotAt(text, at);
  if (spot.is === "none") return null;
  const known = knownIn(spot, around.definition);
  if (spot.is === "key") return { from: spot.from, options: keys(spot, catalog, known) };
  const role = roleOf(spot.path, (node) => kindAt(node, known, catalog));
  const inside = role === "expression" || role === "template" ? expressionAt(spot, role, catalog, around) : fallback(spot, catalog, around);
  if (inside !== "elsewhere") return inside;
  const values = { from: spot.from, options: valuesOf(spot, role, catalog, around, known) };
  return spot.is === "start" ? { ...values, options: [...keys(spot, catalog, known), ...values.options] } : values;
}

/** What the field at a place is, for whoever points at it; null where nothing is known of it. */
export function saysAt(text: string, at: number, catalog: Catalog, around: Around): { readonly name: string; readonly takes: string; readonly says: string; readonly isRequired: boolean } | null {
  const rest = /^[\w-]*/.exec(text.slice(at))?.[0] ?? "";
  const spot = spotAt(text, at + rest.length);
  if (spot.is !== "key" && spot.is !== "start") return null;
  const name = spot.typed;
  return catalog.language.fields(spot.path, knownIn(spot, around.definition)).find((one) => one.name === name) ?? null;
}

export function knownIn(spot: Pick<Spot, "seen">, definition: Json): Known {
  return (path) => {
    const kept = asMap(valueAt(definition, path));
    const texts = Object.fromEntries(Object.entries(kept).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
    return { ...texts, ...spot.seen.get(pathKey(path)) };
  };
}

export function kindAt(node: Where, known: Known, catalog: Catalog): Kind | undefined {
  return catalog.kinds.get(unquoted(known(node)["type"]) ?? "");
}

function keys(spot: Spot, catalog: Catalog, known: Known): Option[] {
  const said = spot.seen.get(pathKey(spot.path)) ?? {};
  const fields = catalog.language.fields(spot.path, known).filter(({ name }) => !Object.hasOwn(said, name));
  const behind = spot.quote === "" ? ": " : "";
  return fields.map(({ name, takes, says, isRequired }) => ({ label: name, kind: "property", detail: isRequired ? `${takes} · required`.replace(/^ · /, "") : takes, says, insert: `${name}${behind}` }));
}

/** `elsewhere` where the cursor is in no template. */
function expressionAt(spot: Spot, role: Role, catalog: Catalog, around: Around): Options | null | "elsewhere" {
  const begin = role === "expression" ? 0 : templateAt(spot.typed);
  if (begin === null) return "elsewhere";
  const names = namesAt(around.definition, around.outline, standingOf(spot.path, around), around.recorded);
  const found = optionsIn(spot.typed.slice(begin), names, catalog.functions);
  return found === null ? null : { from: spot.from + begin + found.from, options: found.options };
}

/** Whatever its schema says, within braces stands an expression. */
function fallback(spot: Spot, catalog: Catalog, around: Around): Options | null | "elsewhere" {
  return expressionAt(spot, "template", catalog, around);
}

export function standingOf(path: Where, { definition, outline }: Pick<Around, "definition" | "outline">): { box: string | null; field: string; isEdge?: boolean } {
  const edge = edgeIn(path);
  const found = nodeIn(path);
  if (edge !== null && (found === null || edge.body.length > found.node.length)) {
    const [id = ""] = asText(asMap(valueAt(definition, path.slice(0, edge.body.length + 2)))["from"]).split(".");
    const box = [...boxesIn(outline)].find((one) => one.id === id && written(one.where.slice(0, -2)) === written(edge.body));
    return { box: box?.path ?? null, field: "when", isEdge: true };
  }
  if (found === null) return { box: null, field: "" };
  const box = [...boxesIn(outline)].find(({ where }) => written(where) === written(found.node));
  return { box: box?.path ?? null, field: written(found.rest) };
}

function valuesOf(spot: Spot, role: Role, catalog: Catalog, around: Around, known: Known): Option[] {
  const word = (label: string, kind: Option["kind"], detail = "", says = ""): Option => ({ label, kind, detail, says });
  if (role === "kind") return [...catalog.kinds.values()].map(({ kind, summary, category }) => word(kind, "enum", category, summary));
  if (role === "workflow") return catalog.workflows.map((name) => word(name, "variable"));
  if (role === "credential") return catalog.credentials.map((name) => word(name, "variable"));
  if (role === "node") return boxesNear(spot.path, around).map(({ id, kind, says }) => word(id, "variable", kind, says === id ? "" : says));
  if (role === "from") return sources(spot, catalog, around);
  if (role === "variable") return [...(namesAt(around.definition, around.outline, standingOf(spot.path, around), NOTHING).get("vars")?.fields ?? [])].map(([name, shape]) => word(name, "variable", shape.kind, shape.says));
  const schemas = catalog.language.at(spot.path, known);
  return catalog.language.words(schemas).map(({ word: one, says }) => word(one, "enum", "", says));
}

/** The boxes of the body that an edge is in. */
function boxesNear(path: Where, { outline }: Around) {
  const edge = edgeIn(path);
  const body = edge === null ? (nodeIn(path)?.node.slice(0, -2) ?? []) : edge.body;
  return [...boxesIn(outline)].filter(({ where }) => written(where.slice(0, -2)) === written(body));
}

/** `node`, or behind a dot the ports of one. */
function sources(spot: Spot, catalog: Catalog, around: Around): Option[] {
  const boxes = boxesNear(spot.path, around);
  const [id, port] = spot.typed.split(".");
  const options = (port === undefined ? boxes : boxes.filter((one) => one.id === id)).flatMap((box) => {
    const ports = (around.ports.get(written(box.where)) ?? catalog.kinds.get(box.kind)?.ports ?? ["out"]).filter((one) => port !== undefined || one !== "out");
    const all = port === undefined ? ports : [...new Set([...ports, "error"])];
    const own: Option[] = port === undefined ? [{ label: box.id, kind: "variable", detail: box.kind, says: box.says === box.id ? "" : box.says }] : [];
    return [...own, ...all.map((one): Option => ({ label: `${box.id}.${one}`, kind: "enum", detail: box.kind, says: "" }))];
  });
  return options;
}
