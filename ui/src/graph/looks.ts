/**
 * How each box of a graph looks at a moment of an execution. Of what ran several times one run is shown: of a loop the iteration that is
 * chosen, else the last that had begun; of a node that was gone back to its last run.
 */

import type { Moment, PlaceState } from "../trace/moment";
import type { Trace } from "../trace/trace";
import type { Box, Link, Room } from "./outline";
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

export function looksAt(outline: Room, moment: Moment, chosen: Chosen): Looks {
  const boxes = new Map<string, BoxLook>();
  const links = new Map<string, LinkLook>();
  const rooms = new Map<string, number>();
  look(outline, 0);
  return { boxes, links, rooms };

  function look(room: Room, place: number): void {
    rooms.set(room.path, place);
    for (const box of room.boxes) {
      const found = lastRun(moment, place, box);
      if (found === null) continue;
      boxes.set(box.path, found);
      for (const inner of box.rooms) {
        const within = roomAt(moment, found, inner, chosen);
        if (within !== undefined) look(inner, within);
      }
    }
    for (const link of room.links) links.set(link.id, linkLook(moment.trace, link, boxes.get(link.from)));
  }
}

function lastRun(moment: Moment, around: number, box: Box): BoxLook | null {
  const { trace } = moment;
  const places = trace.inside(around, box.id);
  for (let at = places.length - 1; at >= 0; at -= 1) {
    const place = places[at] as number;
    const state = moment.of(place);
    if (state !== null) return { ...state, place, run: trace.path(place) };
  }
  return null;
}

function roomAt(moment: Moment, owner: BoxLook, room: Room, chosen: Chosen): number | undefined {
  const places = moment.trace.inside(owner.place, room.label);
  if (room.label !== "[]") return places.at(-1);
  const wanted = chosen.get(owner.run);
  if (wanted !== undefined) return places.find((place) => moment.trace.numbers.at(place) === wanted);
  return begunLast(moment, places);
}

/** The last iteration in which something had been by then. */
function begunLast(moment: Moment, places: readonly number[]): number | undefined {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (moment.trace.begunAt(places[middle] as number) <= moment.version) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : places[low - 1];
}

function linkLook(trace: Trace, link: Link, from: BoxLook | undefined): LinkLook {
  const exit = from === undefined ? undefined : trace.exits[from.exit];
  if (exit === undefined) return "open";
  const isThis = (at: number) => {
    const edge = trace.edges[at];
    return edge !== undefined && edge.to === idOf(link.to) && edge.from === idOf(link.from) && edge.port === link.port;
  };
  if (exit.taken.some(isThis)) return "taken";
  return exit.untaken.some(isThis) || exit.taken.length > 0 || hasEnded(from?.state ?? "") ? "untaken" : "open";
}

function idOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
