/** What is done on the canvas, as changes of the text: each names boxes by their paths, and says which one is chosen afterwards. Pure. */

import type { Json } from "../../api/exact";
import { addNode, between, connect, copied, disconnect, freeId, moveInto, moveNodes, paste, removeNodes, tidy } from "../../edit/splice/graph";
import { jsonOf, type JsonMap } from "../../edit/splice/json";
import { type Expressions, renameNode, whyNoId } from "../../edit/splice/rename";
import { read, startOf } from "../../edit/splice/source";
import { apply, CannotSplice, compose, type Splice } from "../../edit/splice/splice";
import { nodeAt } from "../../edit/splice/walk";
import { type Box, boxesIn, boxOf, type Link, outlineOf, type Room, roomsIn } from "../../graph/outline";
import { cannot } from "../../edit/splice/words";
import { beginsWith, type Kind, kindOf } from "./presets";

export type { Kind };

export interface Done {
  readonly splices: readonly Splice[];
  /** The path of the box that is chosen now; null for none, undefined for the one before. */
  readonly chosen?: string | null;
}

/** How often an edge may lead back that closes a cycle, until somebody says otherwise. */
const BACK = 10;

export class Gestures {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #ports: Readonly<Record<string, readonly string[]>>;

  /** `ports` are those that the server knows of nodes, by their paths. */
  constructor(kinds: readonly Kind[], ports: Readonly<Record<string, readonly string[]>>) {
    this.#kinds = new Map(kinds.map((one) => [one.kind, one]));
    this.#ports = ports;
  }

  /** The ports of a box; besides, any may have edges from `error`. */
  ports(box: Box): readonly string[] {
    return this.#ports[box.path] ?? this.#kinds.get(box.kind)?.ports ?? ["out"];
  }

  /** A new node of an entry of the library in a body, without one in that of the node before it; behind another one, which then leads to it: where all its ports lead on already, it comes in between. */
  add(text: string, kind: string, roomPath: string | null, behind: string | null, port?: string): Done {
    const { outline, room } = this.#room(text, roomPath ?? (behind === null ? "" : found(outlineIn(text), behind).room.path));
    const from = behind === null ? null : (boxOf(outline, behind)?.box ?? null);
    const on = from === null || port !== undefined ? null : this.#onlyWay(from, room, kind);
    if (on !== null) return this.insert(text, kind, on.id);
    const node = this.#node(kind, room);
    const added = addNode(text, room.where, node, from?.id);
    const chosen = inRoom(room, String(node["id"]));
    const leads = port ?? (from === null ? undefined : this.#freePort(from, room));
    if (from === null || leads === undefined) return { splices: added, chosen };
    const joined = connect(apply(text, added), room.where, { from: from.id, port: leads, to: String(node["id"]) });
    return { splices: compose(text, added, joined), chosen };
  }

  insert(text: string, kind: string, linkId: string): Done {
    const { link, room } = this.#link(text, linkId);
    const node = this.#node(kind, room);
    const port = (this.#kinds.get(kindOf(kind))?.ports ?? ["out"])[0] ?? null;
    return { splices: between(text, room.where, link.at, node, port), chosen: inRoom(room, String(node["id"])) };
  }

  /** Why no edge can lead from there to there; null where one can. */
  whyNot(outline: Room, from: string, port: string, to: string): string | null {
    return whyNotConnected(outline, this, from, port, to);
  }

  connect(text: string, from: string, port: string, to: string): Done {
    const outline = outlineIn(text);
    const why = whyNotConnected(outline, this, from, port, to);
    if (why !== null) throw new CannotSplice(why);
    const { box, room } = found(outline, from);
    const target = found(outline, to).box;
    const back = leadsTo(room, to, from) ? BACK : undefined;
    return { splices: connect(text, room.where, { from: box.id, port, to: target.id, ...(back === undefined ? {} : { back }) }) };
  }

  remove(text: string, path: string): Done {
    const { box, room, around } = found(outlineIn(text), path);
    const before = room.links.find(({ to, isBack }) => to === path && !isBack)?.from;
    return { splices: removeNodes(text, room.where, [box.id]), chosen: before !== undefined && before !== path ? before : (around?.path ?? null) };
  }

  disconnect(text: string, linkId: string): Done {
    const { link, room } = this.#link(text, linkId);
    return { splices: disconnect(text, room.where, link.at) };
  }

  copy(text: string, path: string): string {
    const { box, room } = found(outlineIn(text), path);
    return copied(text, room.where, [box.id]);
  }

  duplicate(text: string, path: string): Done {
    return this.paste(text, this.copy(text, path), path);
  }

  /** Beside the box that is chosen, else into the outermost body. */
  paste(text: string, pasted: string, beside: string | null, roomPath?: string): Done {
    const outline = outlineIn(text);
    const near = beside === null ? null : boxOf(outline, beside);
    const room = roomPath === undefined ? (near?.room ?? outline) : this.#room(text, roomPath).room;
    const { splices, ids } = paste(text, room.where, pasted, this.expressions, near?.room === room ? near.box.id : undefined);
    return { splices, chosen: ids[0] === undefined ? null : inRoom(room, ids[0]) };
  }

  rename(text: string, path: string, to: string): Done {
    const { box, room } = found(outlineIn(text), path);
    return { splices: renameNode(text, room.where, box.id, to, this.expressions), chosen: inRoom(room, to) };
  }

  /** Why it cannot be called so; null where it can. */
  whyNotRenamed(text: string, path: string, to: string): string | null {
    const { room, box } = found(outlineIn(text), path);
    return to === box.id ? null : whyNoId(to, new Set(room.boxes.map(({ id }) => id)));
  }

  move(text: string, path: string, x: number, y: number): Done {
    return { splices: moveNodes(text, [{ where: found(outlineIn(text), path).box.where, x, y }]) };
  }

  tidy(text: string): Done {
    const put = [...boxesIn(outlineIn(text))].filter(({ position }) => position !== null);
    return { splices: tidy(text, put.map(({ where }) => where)) }; // prettier-ignore
  }

  /** Into another body. */
  nest(text: string, path: string, roomPath: string): Done {
    const { room: to } = this.#room(text, roomPath);
    const { box, room } = found(outlineIn(text), path);
    const moved = moveInto(text, room.where, box.id, to.where, this.expressions);
    const after = outlineIn(apply(text, moved.splices));
    const now = [...roomsIn(after)].find((one) => one.path === roomPath);
    return { splices: moved.splices, chosen: now === undefined ? null : inRoom(now, moved.id) };
  }

  readonly expressions: Expressions = (kind) => new Set(this.#kinds.get(kind)?.fields.flatMap(({ path, roles }) => (roles.includes("expression") || roles.includes("items") ? [path] : [])));

  #node(key: string, room: Room): JsonMap {
    const { kind, config } = beginsWith(this.#kinds, key);
    const id = freeId(kind, new Set(room.boxes.map((one) => one.id)));
    return { id, type: kind, ...(Object.keys(config).length === 0 ? {} : { config: config as Json }) };
  }

  /** The edge that a node behind this one comes into: the only one that it has. */
  #onlyWay(box: Box, room: Room, kind: string): Link | null {
    const own = room.links.filter((link) => link.from === box.path && link.port !== "error" && !link.isBack);
    const [only] = own;
    return only !== undefined && own.length === 1 && this.ports(box).length === 1 && this.#kinds.get(kindOf(kind))?.ports.length !== 0 ? only : null;
  }

  /** The first of its ports that leads nowhere yet, else the first. */
  #freePort(box: Box, room: Room): string | undefined {
    const ports = this.ports(box);
    return ports.find((port) => !room.links.some((link) => link.from === box.path && link.port === port)) ?? ports[0];
  }

  #room(text: string, path: string): { outline: Room; room: Room } {
    const outline = outlineIn(text);
    const room = [...roomsIn(outline)].find((one) => one.path === path);
    if (room === undefined) throw new CannotSplice(cannot("noBody", { path }));
    return { outline, room };
  }

  #link(text: string, id: string): { link: Link; room: Room } {
    for (const room of roomsIn(outlineIn(text))) for (const link of room.links) if (link.id === id) return { link, room };
    throw new CannotSplice(cannot("edgeGone"));
  }
}

function whyNotConnected(outline: Room, gestures: Gestures, from: string, port: string, to: string): string | null {
  const one = boxOf(outline, from);
  const other = boxOf(outline, to);
  if (one === null || other === null) return cannot("itGone");
  if (port !== "error" && !gestures.ports(one.box).includes(port)) return cannot("noPort", { node: one.box.id, port });
  if (from !== to && one.room.path !== other.room.path) return cannot("elsewhere", { node: other.box.id });
  if (one.room.links.some((link) => link.from === from && link.to === to && link.port === port)) return cannot("leads", { from: `${one.box.id}${port === "out" ? "" : `.${port}`}`, to: other.box.id });
  if (other.box.kind === "start") return cannot("start", { node: other.box.id });
  return null;
}

/** Whether edges lead from one to the other, or it is the same one. */
function leadsTo(room: Room, from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  seen.add(from);
  return room.links.some((link) => link.from === from && !link.isBack && !seen.has(link.to) && leadsTo(room, link.to, to, seen));
}

let last: { text: string; outline: Room } | null = null;

/** The graph of a text. Throws CannotSplice where it is broken. */
export function outlineIn(text: string): Room {
  if (last?.text === text) return last.outline;
  const source = read(text);
  last = { text, outline: outlineOf(jsonOf(source, source.document.contents as never)) };
  return last.outline;
}

/** What is done with a text: its splices, what is chosen then, and where that begins in the changed text. */
export interface Settled extends Done {
  readonly at: number | undefined;
}

export function settled(text: string, done: Done): Settled {
  const { splices, chosen } = done;
  const after = apply(text, splices);
  const box = chosen === undefined || chosen === null ? null : boxOf(outlineIn(after), chosen);
  const node = box === null ? null : nodeAt(read(after), box.box.where);
  return { ...done, at: node ? startOf(node) : undefined };
}

function found(outline: Room, path: string) {
  const one = boxOf(outline, path);
  if (one === null) throw new CannotSplice(cannot("gone", { path }));
  return one;
}

function inRoom(room: Room, id: string): string {
  return room.path === "" ? id : `${room.path}/${id}`;
}
