/** Changes of a definition's graph: nodes and edges of a body, which is named by where it stands: `[]`, `["nodes", 0, "config", "body"]`. Pure. */

import type { Json } from "../../api/exact";
import { isMapJson, isSame, jsonOf, type JsonMap } from "./json";
import { addItems, itemLines, removeItems } from "./list";
import { put } from "./put";
import { type Expressions, idsOf, renameNode } from "./rename";
import { columnOf, dashOf, isAlias, isCollection, isMap, isSeq, itemEnd, lineStart, type Node, type Path, read, type Source, startOf, type Value, type YAMLSeq } from "./source";
import { CannotSplice, type Splice } from "./splice";
import { at, remove, set, Work } from "./value";
import { nodeAt, reach } from "./walk";
import { listLines } from "./write";
import { cannot } from "./words";

export interface EdgeEnds {
  readonly from: string;
  readonly port: string;
  readonly to: string;
  /** `main`, or of which typed kind it is. */
  readonly type?: string;
  readonly when?: string;
  /** How often it may lead back, of an edge that closes a cycle. */
  readonly back?: number;
}

/** A node behind the one with this id, else behind all others; `id` is that of the new one. */
export function addNode(text: string, body: Path, node: JsonMap, behind?: string): Splice[] {
  const work = new Work(text);
  insertNode(work, body, node, behind);
  return work.splices;
}

/** Nodes with their edges. What else speaks of them stays: it is told as a problem. */
export function removeNodes(text: string, body: Path, ids: readonly string[]): Splice[] {
  const work = new Work(text);
  takeOut(work, body, new Set(ids));
  return work.splices;
}

export function connect(text: string, body: Path, ends: EdgeEnds): Splice[] {
  const work = new Work(text);
  join(work, body, ends);
  return work.splices;
}

/** The edge with this number in its body. */
export function disconnect(text: string, body: Path, edge: number): Splice[] {
  const work = new Work(text);
  remove(work, [...body, "edges", edge]);
  return work.splices;
}

/** A node into an edge: what leads to its end leads to the node, and the node leads on by one of its ports. */
export function between(text: string, body: Path, edge: number, node: JsonMap, port: string | null): Splice[] {
  const work = new Work(text);
  const source = read(text);
  const old = at(jsonOf(source, source.document.contents as Node | null), [...body, "edges", edge]);
  if (!isMapJson(old) || typeof old["from"] !== "string" || typeof old["to"] !== "string") throw new CannotSplice(cannot("noEdge"));
  insertNode(work, body, node, (old["from"].split(".")[0] ?? "") as string);
  set(work, [...body, "edges", edge, "to"], String(node["id"]));
  if (port !== null) insertEdge(work, body, edgeOf({ from: String(node["id"]), port, to: old["to"] }), edge + 1);
  return work.splices;
}

/** Where a person has put nodes, whole numbers. */
export function moveNodes(text: string, moved: readonly { readonly where: Path; readonly x: number; readonly y: number }[]): Splice[] {
  const work = new Work(text);
  for (const { where, x, y } of moved) set(work, [...where, "position"], { x: Math.round(x), y: Math.round(y) });
  return work.splices;
}

/** Takes out where people have put nodes; of these, which stand at `wheres`. */
export function tidy(text: string, wheres: readonly Path[]): Splice[] {
  const work = new Work(text);
  for (const where of wheres) remove(work, [...where, "position"]);
  return work.splices;
}

/** Nodes as YAML, as they are written: what is put on the clipboard. */
export function copied(text: string, body: Path, ids: readonly string[]): string {
  const source = read(text);
  const list = nodeAt(source, [...body, "nodes"]);
  const indexes = idsOf(source, body).flatMap((id, index) => (ids.includes(id) ? [index] : []));
  if (!isSeq(list)) return "";
  const nodes = indexes.flatMap((index) => rawItem(source, list, index, 0) ?? listLines([jsonOf(source, list.items[index] as Value)], { source: PLAIN, column: 0 }));
  return `${nodes.join("\n")}\n`;
}

/** Nodes that stand as YAML or JSON in another text: one, a list of them, or a map with `nodes` and `edges`. They get ids that are free. */
export function paste(text: string, body: Path, pasted: string, expressions: Expressions, behind?: string): { readonly splices: Splice[]; readonly ids: readonly string[] } {
  const work = new Work(text);
  const { source: from, edges } = pastedNodes(pasted, new Set(idsOf(read(text), body)), expressions);
  const list = nodeAt(from, ["nodes"]) as YAMLSeq;
  const ids = idsOf(from, []);
  openUp(work, body);
  if (isBlockList(work.text, body) && !list.items.some((one) => holdsAlias(one as Value))) insertAsWritten(work, body, from, list, behind);
  else for (const one of jsonOf(from, list) as JsonMap[]) insertNode(work, body, one, behind);
  for (const edge of edges) insertEdge(work, body, edge);
  return { splices: work.splices, ids };
}

/** A node with all that is in it from one body into another one; its edges end there. */
export function moveInto(text: string, body: Path, id: string, to: Path, expressions: Expressions): { readonly splices: Splice[]; readonly id: string } {
  const index = idsOf(read(text), body).indexOf(id);
  const where = [...body, "nodes", index];
  if (index === -1) throw new CannotSplice(cannot("noNode", { id }));
  if (where.every((step, depth) => to[depth] === step)) throw new CannotSplice(cannot("itself"));
  const work = new Work(text);
  const { splices, ids } = paste(text, to, copied(text, body, [id]), expressions);
  work.take(splices);
  remove(work, [...where, "position"]);
  takeOut(work, body, new Set([id]));
  return { splices: work.splices, id: ids[0] ?? id };
}

/** An id that is free: the same, else with a number. */
export function freeId(base: string, taken: ReadonlySet<string>): string {
  const cleaned = base.toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+/, "").slice(0, 56) || "node"; // prettier-ignore
  if (!taken.has(cleaned)) return cleaned;
  const stem = cleaned.replace(/_\d+$/, "");
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

function insertNode(work: Work, body: Path, node: JsonMap, behind: string | undefined): void {
  openUp(work, body);
  const isOpen = Object.keys(node).length > 2;
  const list = nodeAt(read(work.text), [...body, "nodes"]);
  if (!isSeq(list) || list.items.length === 0) set(work, [...body, "nodes"], [node], { isOpen: false });
  else work.own([...body, "nodes"]).step((source) => addItems(source, nodeAt(source, [...body, "nodes"]) as YAMLSeq, placeBehind(source, body, behind), [node], isOpen));
}

/** Nodes of another text, with their comments and in their manner. */
function insertAsWritten(work: Work, body: Path, from: Source, list: YAMLSeq, behind: string | undefined): void {
  const nodes = [...body, "nodes"];
  const hasNone = idsOf(read(work.text), body).length === 0;
  if (hasNone) set(work, nodes, [{ id: "a", type: "noop" }]); // takes the place until there are others
  const column = columnOf(work.text, nodeAt(read(work.text), nodes) as YAMLSeq);
  const manner = { source: read(work.text), column };
  const lines = list.items.flatMap((_, index) => rawItem(from, list, index, column) ?? listLines([jsonOf(from, list.items[index] as Value)], manner));
  work.own(nodes).step((source) => itemLines(source, nodeAt(source, nodes) as YAMLSeq, placeBehind(source, body, behind), lines));
  if (hasNone) remove(work, [...nodes, 0]);
}

/** Whether the nodes of a body stand, or would stand, in lines of their own. */
function isBlockList(text: string, body: Path): boolean {
  const source = read(text);
  const { node, holder } = reach(source, [...body, "nodes"]);
  if (source.isJson) return false;
  const isEmpty = !isSeq(node) || node.items.length === 0;
  if (!isEmpty) return node.flow !== true;
  const around = holder === null ? node : "pair" in holder ? holder.map : holder.list;
  return !(isCollection(around) && around.flow === true);
}

function placeBehind(source: Source, body: Path, behind: string | undefined): number {
  const ids = idsOf(source, body);
  return behind !== undefined && ids.includes(behind) ? ids.indexOf(behind) + 1 : ids.length;
}

function insertEdge(work: Work, body: Path, edge: JsonMap, place?: number): void {
  openUp(work, body);
  const list = nodeAt(read(work.text), [...body, "edges"]);
  if (!isSeq(list) || list.items.length === 0) set(work, [...body, "edges"], [edge]);
  else work.own([...body, "edges"]).step((source) => addItems(source, nodeAt(source, [...body, "edges"]) as YAMLSeq, place ?? list.items.length, [edge], false));
}

function join(work: Work, body: Path, ends: EdgeEnds): void {
  const source = read(work.text);
  const ids = idsOf(source, body);
  for (const id of [ends.from, ends.to]) if (!ids.includes(id)) throw new CannotSplice(cannot("noNode", { id }));
  const edge = edgeOf(ends);
  const edges = at(jsonOf(source, source.document.contents as Node | null), [...body, "edges"]);
  const isThere = Array.isArray(edges) && edges.some((one) => isMapJson(one as Json) && isSame(ended(one as JsonMap), ended(edge)));
  if (isThere) throw new CannotSplice(cannot("leads", { from: String(edge["from"]), to: ends.to }));
  insertEdge(work, body, edge);
}

/** What of an edge says whether it is the same one. */
function ended(edge: JsonMap): Json {
  return [edge["from"] ?? null, edge["to"] ?? null, edge["type"] ?? "main"];
}

function edgeOf({ from, port, to, type = "main", when, back }: EdgeEnds): JsonMap {
  return {
    from: port === "out" ? from : `${from}.${port}`,
    to,
    ...(type === "main" || (type === "error" && port === "error") ? {} : { type }),
    ...(when === undefined || when === "" ? {} : { when }),
    ...(back === undefined ? {} : { back: true, max_iterations: back }),
  };
}

function takeOut(work: Work, body: Path, ids: ReadonlySet<string>): void {
  const source = read(work.text);
  const whole = jsonOf(source, source.document.contents as Node | null);
  const edges = at(whole, [...body, "edges"]);
  const loose = (Array.isArray(edges) ? edges : []).flatMap((one, index) => (isMapJson(one as Json) && [(one as JsonMap)["from"], (one as JsonMap)["to"]].some((end) => ids.has(String(end).split(".")[0] ?? "")) ? [index] : []));
  const gone = idsOf(source, body).flatMap((id, index) => (ids.has(id) ? [index] : []));
  out(work, [...body, "edges"], loose);
  out(work, [...body, "nodes"], gone);
}

function out(work: Work, list: Path, indexes: readonly number[]): void {
  if (indexes.length === 0) return;
  for (const index of indexes) work.own([...list, index]);
  work.step((source) => {
    const { node, holder, depth } = reach(source, list);
    if (!isSeq(node) || holder === null || depth < list.length) throw new CannotSplice(cannot("alias"));
    return removeItems(source, node, new Set(indexes), holder);
  });
}

/** A body in brackets gets lines of its own before something is put into it, unless there are comments in it. */
function openUp(work: Work, body: Path): void {
  const source = read(work.text);
  if (source.isJson) return;
  for (let depth = 0; depth <= body.length; depth += 1) {
    const path = body.slice(0, depth);
    const { node, holder } = reach(source, path);
    if (!isCollection(node) || node.flow !== true) continue;
    const written = source.text.slice(startOf(node), node.range?.[1] ?? 0);
    if (holder === null || written.includes("#") || /[&*]\w/.test(written)) return;
    const isNode = "list" in holder;
    work.step((now) => put(now, reach(now, path).holder ?? holder, jsonOf(source, node), { isOpen: isNode }));
    return;
  }
}

function pastedNodes(pasted: string, taken: ReadonlySet<string>, expressions: Expressions): { readonly source: Source; readonly edges: readonly JsonMap[] } {
  const before = read(pasted.replaceAll("\r\n", "\n"));
  const said = jsonOf(before, before.document.contents as Node | null);
  const isList = Array.isArray(said);
  const isOne = isMapJson(said) && typeof said["type"] === "string";
  const map: JsonMap = isList ? { nodes: said } : isOne ? { nodes: [said] } : isMapJson(said) ? said : {};
  const nodes = map["nodes"];
  if (!Array.isArray(nodes) || nodes.length === 0 || nodes.some((one) => !isMapJson(one as Json) || typeof (one as JsonMap)["type"] !== "string")) throw new CannotSplice(cannot("clipboard"));
  const isWritten = isList && !before.text.trimStart().startsWith("[");
  const work = new Work(isWritten ? `nodes:\n${before.text}` : `nodes:\n${listLines(nodes as Json[], { source: PLAIN, column: 2 }).join("\n")}\n`);
  const edges = (Array.isArray(map["edges"]) ? (map["edges"] as Json[]) : []).filter(isMapJson);
  if (edges.length > 0) set(work, ["edges"], edges);
  const used = new Set(taken);
  for (const [index, one] of (nodes as JsonMap[]).entries()) {
    const old = typeof one["id"] === "string" ? one["id"] : "";
    const id = freeId(old || String(one["type"]), used);
    if (old === "") set(work, ["nodes", index, "id"], id);
    else if (id !== old) work.take(renameNode(work.text, [], old, id, expressions));
    used.add(id);
  }
  const source = read(work.text);
  const left = at(jsonOf(source, source.document.contents as Node | null), ["edges"]);
  return { source, edges: (Array.isArray(left) ? (left as Json[]) : []).filter(isMapJson) };
}

const PLAIN = { step: 2, dashes: 2, isJson: false } as const;

function holdsAlias(node: Value): boolean {
  if (node === null) return false;
  if (isAlias(node)) return true;
  if (isMap(node)) return node.items.some(({ value }) => holdsAlias(value as Value));
  return isSeq(node) && node.items.some((one) => holdsAlias(one as Value));
}

/** The lines of an item as they are written, moved to another column; null where they cannot be moved. */
function rawItem(source: Source, list: YAMLSeq, index: number, column: number): string[] | null {
  const item = list.items[index] as Value;
  if (list.flow === true || !isMap(item) || holdsAlias(item)) return null;
  const dash = dashOf(list, index);
  const old = dash - lineStart(source.text, dash);
  const raw = source.text.slice(dash, Math.max(itemEnd(source, list, index), dash)).split(/\r?\n/);
  if (raw.slice(1).some((line) => line.trim() !== "" && !line.startsWith(" ".repeat(old + 1)))) return null;
  return raw.map((line, at) => (line.trim() === "" ? "" : `${" ".repeat(column)}${at === 0 ? line : line.slice(old)}`));
}
