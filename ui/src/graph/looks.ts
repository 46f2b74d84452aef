/**
 * How each box of a graph looks at a moment of an execution. Of what ran several times one run is shown: of a loop the iteration that is
 * chosen, else the last that had begun; of a node that was gone back to its last run.
 *
 * From moment to moment only what is different there is looked at: a step costs what has changed, not what there is.
 */

import type { Moment, PlaceState } from "../trace/moment";
import type { Trace } from "../trace/trace";
import type { Box, Room } from "./outline";
import { hasEnded } from "./status";

export interface BoxLook extends PlaceState {
  readonly place: number;
  /** The path of the run: `each[3]/charge#1`. */
  readonly run: string;
}

export type LinkLook = "taken" | "untaken" | "open";

/** Of loops (paths of runs, such as `each` or `each[2]/inner`) which iteration is shown. */
export type Chosen = ReadonlyMap<string, number>;

export interface Looks {
  /** By path of the definition; what is not there has not begun. */
  readonly boxes: ReadonlyMap<string, BoxLook>;
  readonly links: ReadonlyMap<string, LinkLook>;
  /** Of each body in which something ran, its place. */
  readonly rooms: ReadonlyMap<string, number>;
}

export function looksAt(outline: Room, moment: Moment, chosen: Chosen): Looking {
  return new Looking(outline, moment, chosen);
}

interface Lead {
  readonly id: string;
  /** As exits name it. */
  readonly key: string;
}

interface Known {
  readonly box: Box;
  readonly room: Room;
  readonly around: Box | null;
  readonly depth: number;
  readonly leads: readonly Lead[];
}

export class Looking implements Looks {
  readonly boxes = new Map<string, BoxLook>();
  readonly links = new Map<string, LinkLook>();
  readonly rooms = new Map<string, number>();
  readonly #known = new Map<string, Known>();
  /** The same by the number of the node in the trace, as far as it was asked for; null is no box of the outline. */
  readonly #byNode: (Known | null)[] = [];
  readonly #loops: Box[] = [];
  readonly #exits: Exits;
  /** Whether no box holds others. */
  #isFlat = true;
  #changed: string[] = [];

  constructor(
    outline: Room,
    readonly moment: Moment,
    readonly chosen: Chosen,
  ) {
    this.#exits = new Exits(moment.trace);
    this.#know(outline, null, 0);
    this.#look(outline, 0);
  }

  /** Go to a moment, and look again at what is different there. */
  go(version: number): void {
    const { nodeOf } = this.moment.trace;
    const touched = new Set<Known>();
    this.moment.go(version, (place) => {
      const known = this.#of(nodeOf.at(place));
      if (known !== null) touched.add(known);
    });
    const known = this.#isFlat ? touched : [...touched].sort((one, other) => one.depth - other.depth);
    for (const one of known) this.#again(one);
    for (const loop of this.#loops) this.#follow(loop); // in an iteration that begins nothing need have a state yet
  }

  /** The paths of boxes and the ids of links that look otherwise since this was asked, some perhaps more than once. */
  takeChanged(): readonly string[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed;
  }

  #of(node: number): Known | null {
    const { path } = this.moment.trace.nodes[node] ?? { path: null };
    return path === null ? null : (this.#byNode[node] ??= this.#known.get(path) ?? null);
  }

  #know(room: Room, around: Box | null, depth: number): void {
    const leads = new Map<string, Lead[]>();
    for (const { id, from, port, to } of room.links) {
      const lead = { id, key: `${idOf(from)} ${port} ${idOf(to)}` };
      const before = leads.get(from);
      if (before === undefined) leads.set(from, [lead]);
      else before.push(lead);
    }
    for (const box of room.boxes) {
      this.#known.set(box.path, { box, room, around, depth, leads: leads.get(box.path) ?? [] });
      if (box.rooms.some(({ label }) => label === "[]")) this.#loops.push(box);
      if (box.rooms.length > 0) this.#isFlat = false;
      for (const inner of box.rooms) this.#know(inner, box, depth + 1);
    }
  }

  #again({ box, room, around, leads }: Known): void {
    if (around !== null) this.#follow(around);
    const place = this.rooms.get(room.path);
    if (place !== undefined) this.#show(box, leads, place);
  }

  #look(room: Room, place: number): void {
    this.rooms.set(room.path, place);
    for (const box of room.boxes) this.#show(box, this.#known.get(box.path)?.leads ?? [], place);
  }

  #show(box: Box, leads: readonly Lead[], place: number): void {
    const found = lastRun(this.moment, place, box);
    if (found === null) this.boxes.delete(box.path);
    else this.boxes.set(box.path, found);
    this.#changed.push(box.path);
    for (const lead of leads) {
      const look = this.#exits.look(lead, found);
      if (this.links.get(lead.id) !== look) this.#changed.push(lead.id);
      this.links.set(lead.id, look);
    }
    if (box.rooms.length > 0) this.#follow(box);
  }

  /** The bodies of a container: where another one is shown now, all that is in it is looked at anew. */
  #follow(box: Box): void {
    const look = this.boxes.get(box.path);
    for (const inner of box.rooms) {
      const within = look === undefined ? undefined : roomAt(this.moment, look, inner, this.chosen);
      if (within === this.rooms.get(inner.path)) continue;
      this.#clear(inner);
      if (within !== undefined) this.#look(inner, within);
    }
  }

  #clear(room: Room): void {
    if (!this.rooms.delete(room.path)) return;
    for (const box of room.boxes) {
      if (this.boxes.delete(box.path)) this.#changed.push(box.path);
      for (const inner of box.rooms) this.#clear(inner);
    }
    for (const link of room.links) if (this.links.delete(link.id)) this.#changed.push(link.id);
  }
}

function lastRun(moment: Moment, around: number, box: Box): BoxLook | null {
  const { trace } = moment;
  const places = trace.inside(around, box.id);
  const place = places[places.length === 1 ? 0 : countOf(places, (one) => moment.of(one) !== null) - 1];
  const state = place === undefined ? null : moment.of(place);
  if (place === undefined || state === null) return null;
  return { state: state.state, attempt: state.attempt, since: state.since, exit: state.exit, place, run: trace.path(place) };
}

function roomAt(moment: Moment, owner: BoxLook, room: Room, chosen: Chosen): number | undefined {
  const places = moment.trace.inside(owner.place, room.label);
  if (room.label !== "[]") return places.at(-1);
  const wanted = chosen.get(owner.run);
  if (wanted !== undefined) return places.find((place) => moment.trace.numbers.at(place) === wanted);
  return places[countOf(places, (place) => moment.trace.begunAt(place) <= moment.version) - 1];
}

/** How many of these have begun: they stand in the order in which they do. */
function countOf(places: readonly number[], hasBegun: (place: number) => boolean): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hasBegun(places[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By which edges each exit left its node, put together once. */
class Exits {
  readonly #known = new Map<number, { readonly taken: ReadonlySet<string>; readonly untaken: ReadonlySet<string> }>();

  constructor(readonly trace: Trace) {}

  look(lead: Lead, from: BoxLook | null): LinkLook {
    const exit = from === null ? undefined : this.#at(from.exit);
    if (exit === undefined) return "open";
    if (exit.taken.has(lead.key)) return "taken";
    return exit.untaken.has(lead.key) || exit.taken.size > 0 || hasEnded(from?.state ?? "") ? "untaken" : "open";
  }

  #at(number: number): { readonly taken: ReadonlySet<string>; readonly untaken: ReadonlySet<string> } | undefined {
    const known = this.#known.get(number);
    const exit = this.trace.exits[number];
    if (known !== undefined || exit === undefined) return known;
    const keys = (edges: readonly number[]) => new Set(edges.flatMap((at) => this.trace.edges[at] ?? []).map(({ from, port, to }) => `${from} ${port} ${to}`));
    const found = { taken: keys(exit.taken), untaken: keys(exit.untaken) };
    this.#known.set(number, found);
    return found;
  }
}

function idOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
