/**
 * What two definitions say differently, by node: the changes that the server tells (by ids and fields), put together for people. A node
 * that came and one that went in the same body, and say the same but for their ids, are one that was renamed. Pure.
 */

import type { Schemas } from "../api/client";
import { type Json, write } from "../api/exact";
import type { Box, Room } from "../graph/outline";

export type Change = Schemas["DefinitionChange"];

export interface FieldChange {
  readonly change: Change["change"];
  /** Within the node or edge: `config.url`; empty where it is the whole. */
  readonly field: string;
  readonly before: Json;
  readonly after: Json;
}

/** `moved`: nothing but where it stands in the picture. */
export type NodeMark = "added" | "removed" | "changed" | "renamed" | "moved";

export interface NodeChange {
  readonly is: NodeMark;
  readonly id: string;
  /** Its box, as paths of the graph are; of one that is in no drawn body null. */
  readonly path: string | null;
  /** Where the definition has it, by ids. */
  readonly where: string;
  /** What it was called before it was renamed. */
  readonly from: string | null;
  readonly fields: readonly FieldChange[];
}

export interface EdgeChange {
  readonly is: "added" | "removed" | "changed";
  readonly id: string;
  readonly where: string;
  readonly fields: readonly FieldChange[];
}

export interface Comparison {
  readonly nodes: readonly NodeChange[];
  readonly edges: readonly EdgeChange[];
  readonly workflow: readonly FieldChange[];
}

/** How many differences there are besides those of the picture. */
export function countOf({ nodes, edges, workflow }: Comparison): number {
  return nodes.filter(({ is }) => is !== "moved").length + edges.length + workflow.length;
}

export function isOnlyMoved(comparison: Comparison): boolean {
  return countOf(comparison) === 0 && comparison.nodes.length > 0;
}

export function compare(changes: readonly Change[], before: Room | null, after: Room | null): Comparison {
  const groups = new Map<string, Change[]>();
  const workflow: FieldChange[] = [];
  for (const change of changes) {
    const where = placeOf(change);
    if (where === null) workflow.push(fieldOf(change, ""));
    else groups.set(where, [...(groups.get(where) ?? []), change]);
  }
  const nodes: NodeChange[] = [];
  const edges: EdgeChange[] = [];
  for (const [where, found] of groups) {
    const { what, id } = found[0] as Change;
    const fields = found.map((change) => fieldOf(change, where));
    const whole = fields.find(({ field }) => field === "");
    const is = whole?.change === "added" || whole?.change === "removed" ? whole.change : "changed";
    if (what === "edge") edges.push({ is, id, where, fields });
    else nodes.push({ is: fields.every(isOfPicture) ? "moved" : is, id, path: (after && pathOf(after, where)) ?? (before && pathOf(before, where)), where, from: null, fields });
  }
  return withRenames({ nodes, edges, workflow });
}

const IN_LIST = /^(.*?(?:^|\.)(?:nodes|edges)\[[^\]]*\])/;

/** The node or edge that a change is of: up to its last id in brackets. Of the workflow itself null. */
function placeOf({ what, id, path }: Change): string | null {
  if (what === "workflow" || id === "") return null;
  const at = path.lastIndexOf(`[${id}]`);
  return at === -1 ? null : path.slice(0, at + id.length + 2);
}

function fieldOf({ change, path, before, after }: Change, where: string): FieldChange {
  return { change, field: path.slice(where.length).replace(/^\./, ""), before: before as Json, after: after as Json };
}

function isOfPicture({ field }: FieldChange): boolean {
  return field === "position" || field === "position.x" || field === "position.y";
}

/** The box that the definition has at `nodes[each].config.body.nodes[ship]`. */
export function pathOf(outline: Room, where: string): string | null {
  let room: Room | undefined = outline;
  let box: Box | undefined;
  let rest = where;
  for (;;) {
    const step = IN_LIST.exec(rest)?.[1];
    if (step === undefined) return rest === "" ? (box?.path ?? null) : null;
    const at = step.lastIndexOf("nodes[");
    if (at === -1) return null;
    if (box !== undefined) room = roomIn(box, step.slice(0, at).replace(/^\.|\.$/g, ""));
    else if (at > 0) return null; // the handler of the workflow, which no graph draws
    const id = step.slice(at + 6, -1);
    box = room?.boxes.find((one) => one.id === id);
    if (box === undefined) return null;
    rest = rest.slice(step.length);
  }
}

/** The body that stands at `config.branches.left` of a node. */
function roomIn(box: Box, place: string): Room | undefined {
  const label = place.replace(/^config\.(?:branches\.)?/, "").replace(/\.body$/, "");
  return box.rooms.find((room) => room.label === label || (label === "body" && room.label === "[]"));
}

function withRenames({ nodes, edges, workflow }: Comparison): Comparison {
  const renamed = new Map<string, NodeChange>(); // by where the new one stands
  const gone = new Set<NodeChange>();
  const added = nodes.filter(({ is }) => is === "added");
  const removed = nodes.filter(({ is }) => is === "removed");
  for (const one of added) {
    const same = (other: NodeChange) => roomOf(other.where) === roomOf(one.where) && said(other.fields[0]?.before) === said(one.fields[0]?.after);
    const [was, ...others] = removed.filter(same);
    if (was === undefined || others.length > 0 || added.filter((other) => roomOf(other.where) === roomOf(one.where) && said(other.fields[0]?.after) === said(one.fields[0]?.after)).length > 1) continue;
    renamed.set(one.where, { ...one, is: "renamed", from: was.id, fields: [] });
    gone.add(was);
  }
  if (renamed.size === 0) return { nodes, edges, workflow };
  const kept = nodes.flatMap((one) => (gone.has(one) ? [] : [renamed.get(one.where) ?? one]));
  return { nodes: kept, edges: withoutRewired(edges, [...renamed.values()]), workflow };
}

/** What a node says but for its id, what people call it and where it stands. */
function said(node: Json | undefined): string {
  if (typeof node !== "object" || node === null || Array.isArray(node)) return "";
  const { id: _id, name: _name, position: _position, ...rest } = node as { readonly [key: string]: Json };
  return write(rest);
}

function roomOf(where: string): string {
  return where.slice(0, where.lastIndexOf("nodes["));
}

/** Without the edges that went and came with nothing but the other name of a node. */
function withoutRewired(edges: readonly EdgeChange[], renamed: readonly NodeChange[]): readonly EdgeChange[] {
  const left = new Set(edges);
  const now = new Map(edges.filter(({ is }) => is === "added").map((edge) => [`${edgesOf(edge.where)} ${write(edge.fields[0]?.after ?? null)}`, edge]));
  for (const edge of edges) {
    if (edge.is !== "removed") continue;
    const was = edge.fields[0]?.before as { readonly [key: string]: Json };
    const room = edgesOf(edge.where);
    const name = (end: Json | undefined) => {
      const [id = "", ...port] = String(end).split(".");
      const found = renamed.find(({ from, where }) => from === id && roomOf(where) === room);
      return [found?.id ?? id, ...port].join(".");
    };
    const other = now.get(`${room} ${write({ ...was, from: name(was["from"]), to: name(was["to"]) })}`);
    if (other === undefined) continue;
    left.delete(edge);
    left.delete(other);
  }
  return edges.filter((edge) => left.has(edge));
}

function edgesOf(where: string): string {
  return where.slice(0, where.lastIndexOf("edges["));
}
