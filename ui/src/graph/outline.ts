/**
 * A definition as a tree of boxes: nodes, and in containers the bodies they hold. Paths are those of the definition, without the
 * numbers of iterations: `each[]/charge`, `fan.left/score`.
 */

import type { Json } from "../api/exact";

export interface Box {
  readonly path: string;
  /** Where its node stands in the definition: `["nodes", 0, "config", "body", "nodes", 1]`. */
  readonly where: Where;
  readonly id: string;
  readonly kind: string;
  /** What people call it: its name, else its id. */
  readonly says: string;
  readonly rooms: readonly Room[];
  /** Where a person has put it, in its body. */
  readonly position: { readonly x: number; readonly y: number } | null;
  /** Where two definitions are compared, what became of it. */
  readonly mark?: BoxMark;
  /** Where it is counted who took it. */
  readonly heat?: Heat;
}

/** How many took something, of all: 0 to 1, and in words. */
export interface Heat {
  readonly share: number;
  readonly says: string;
}

export interface BoxMark {
  readonly is: "added" | "removed" | "changed" | "renamed" | "differs";
  /** What it was called before. */
  readonly from: string | null;
}

export type Where = readonly (string | number)[];

/** A body: the outermost one, an iteration, a branch, a catch. */
export interface Room {
  readonly path: string;
  /** As in paths: `[]` for iterations, else the name of the branch, `body`, `catch[0]`, `finally`. */
  readonly label: string;
  /** Where its map stands in the definition: `[]` for the outermost. */
  readonly where: Where;
  readonly boxes: readonly Box[];
  readonly links: readonly Link[];
}

export interface Link {
  readonly id: string;
  /** Its place among the edges of its body. */
  readonly at: number;
  /** Paths of boxes of one room. */
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly when: string | null;
  readonly isBack: boolean;
  /** `main`, or of which typed kind it is: `ai_tool`. */
  readonly type: string;
  readonly mark?: "added" | "removed";
  readonly heat?: Heat;
}

type Map_ = { readonly [key: string]: Json };

export function outlineOf(definition: Json): Room {
  return room(asMap(definition), "", "", []);
}

export interface Found {
  readonly box: Box;
  /** The body that it is in. */
  readonly room: Room;
  /** The container that the body is of; null for the outermost. */
  readonly around: Box | null;
}

/** The box with this path, and where it is. */
export function boxOf(room: Room, path: string, around: Box | null = null): Found | null {
  for (const box of room.boxes) {
    if (box.path === path) return { box, room, around };
    for (const inner of box.rooms) {
      const found = boxOf(inner, path, box);
      if (found !== null) return found;
    }
  }
  return null;
}

/** All boxes, those of bodies behind the one that holds them. */
export function* boxesIn(room: Room): Generator<Box> {
  for (const box of room.boxes) {
    yield box;
    for (const inner of box.rooms) yield* boxesIn(inner);
  }
}

/** All bodies, the outermost first. */
export function* roomsIn(room: Room): Generator<Room> {
  yield room;
  for (const box of room.boxes) for (const inner of box.rooms) yield* roomsIn(inner);
}

export function* linksIn(room: Room): Generator<Link> {
  yield* room.links;
  for (const box of room.boxes) for (const inner of box.rooms) yield* linksIn(inner);
}

/** The edge with this id; null where there is none. */
export function linkOf(outline: Room, id: string): Link | null {
  for (const link of linksIn(outline)) if (link.id === id) return link;
  return null;
}

function room(body: Map_, path: string, label: string, where: Where): Room {
  const boxes = asList(body["nodes"]).flatMap((node, at) => box(asMap(node), path, [...where, "nodes", at]));
  const known = new Set(boxes.map(({ id }) => id));
  return { path, label, where, boxes, links: asList(body["edges"]).flatMap((edge, at) => link(asMap(edge), path, at, known)) };
}

function box(node: Map_, around: string, where: Where): Box[] {
  const id = asText(node["id"]);
  if (id === "") return [];
  const path = inRoom(around, id);
  const kind = asText(node["type"]);
  const { x, y } = asMap(node["position"]);
  return [
    {
      path,
      where,
      id,
      kind,
      says: asText(node["name"]) || id,
      rooms: [...roomsOf(kind, asMap(node["config"]), path, [...where, "config"])],
      position: x === undefined || y === undefined ? null : { x: Number(x), y: Number(y) },
    },
  ];
}

/** The bodies in the config of a node, labelled as paths label them. */
function* roomsOf(kind: string, config: Map_, path: string, where: Where): Generator<Room> {
  const [body, label] = kind === "try" ? [`${path}.body`, "body"] : [`${path}[]`, "[]"];
  if (isBody(config["body"])) yield room(config["body"], body, label, [...where, "body"]);
  for (const [name, body] of Object.entries(asMap(config["branches"]))) if (isBody(body)) yield room(body, `${path}.${name}`, name, [...where, "branches", name]);
  for (const [at, one] of asList(config["catch"]).entries()) {
    const { body } = asMap(one);
    if (isBody(body)) yield room(body, `${path}.catch[${at}]`, `catch[${at}]`, [...where, "catch", at, "body"]);
  }
  if (isBody(config["finally"])) yield room(config["finally"], `${path}.finally`, "finally", [...where, "finally"]);
}

function link(edge: Map_, around: string, at: number, known: ReadonlySet<string>): Link[] {
  const [from = "", ...ports] = asText(edge["from"]).split(".");
  const to = asText(edge["to"]).split(".")[0] ?? "";
  if (!known.has(from) || !known.has(to)) return [];
  return [
    {
      id: `${around}:${at}`,
      at,
      from: inRoom(around, from),
      to: inRoom(around, to),
      port: ports.join(".") || "out",
      when: edge["when"] === undefined ? null : String(edge["when"]),
      isBack: edge["back"] === true,
      type: asText(edge["type"]) || "main",
    },
  ];
}

function inRoom(room: string, id: string): string {
  return room === "" ? id : `${room}/${id}`;
}

function isBody(value: Json | undefined): value is Map_ {
  return Array.isArray(asMap(value)["nodes"]);
}

function asMap(value: Json | undefined): Map_ {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Map_) : {};
}

function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
