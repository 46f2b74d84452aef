/** What executions took of a definition, on its picture: each box and edge with its share. Pure. */

import type { Schemas } from "../../api/client";
import { type Box, type Heat, type Link, type Room, roomsIn } from "../../graph/outline";

export type Coverage = Schemas["Coverage"];

/** In words: `87 %`, `under 1 %`, `never`. */
export type SayShare = (share: number) => string;

export function heated(outline: Room, { places, executions }: Pick<Coverage, "places" | "executions">, says: SayShare): Room {
  const nodes = new Map<string, number>();
  const edges = new Map<string, number[]>();
  for (const { sort, name, executions: count } of places) {
    if (sort === "nodes") nodes.set(name, count);
    else if (sort !== "cases") edges.set(name, [...(edges.get(name) ?? []), count]);
  }
  const heat = (count: number | undefined): { heat: Heat } | null => {
    if (count === undefined || executions === 0) return null;
    const share = count / executions;
    return { heat: { share, says: says(share) } };
  };
  const inRoom = (room: Room): Room => ({ ...room, boxes: room.boxes.map(ofBox), links: room.links.map(ofLink) });
  const ofBox = (box: Box): Box => ({ ...box, ...heat(nodes.get(plain(box.path))), rooms: box.rooms.map(inRoom) });
  const ofLink = (link: Link): Link => ({ ...link, ...heat(edges.get(edgeName(link))?.shift()) }); // of those that join the same each has its own
  return inRoom(outline);
}

/** The box that something is about that can be taken; where none is drawn, null. */
export function boxAt(outline: Room, sort: string, name: string): string | null {
  const node = sort === "nodes" ? name : sort === "cases" ? name.slice(0, name.lastIndexOf(".")) : null;
  for (const room of roomsIn(outline)) {
    if (node === null) {
      const link = room.links.find((one) => edgeName(one) === name);
      if (link !== undefined) return link.from;
    } else {
      const box = room.boxes.find(({ path }) => plain(path) === node);
      if (box !== undefined) return box.path;
    }
  }
  return null;
}

/** Coverage names places without iterations: `each/small`. */
function plain(path: string): string {
  return path.replaceAll("[]", "");
}

function edgeName({ from, port, to }: Link): string {
  return `${plain(from)}${port === "out" ? "" : `.${port}`} -> ${to.slice(to.lastIndexOf("/") + 1)}`;
}
