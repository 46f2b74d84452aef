/** What is asked for on the canvas: another id, where an edge leads, into which body. */

import { type JSX, useEffect, useRef, useState } from "react";
import { type Box, boxesIn, boxOf, type Room, roomsIn } from "../../graph/outline";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { say as sayFrame } from "../../words/en";
import { say } from "./canvas-asked-words";
import css from "./canvas-parts.module.css";
import type { Gestures } from "./gesture";
import { Picker } from "./picker";

interface RenameProps {
  readonly id: string;
  readonly whyNot: (to: string) => string | null;
  readonly onRename: (to: string) => void;
  readonly onClose: () => void;
}

export function RenameDialog({ id, whyNot, onRename, onClose }: RenameProps): JSX.Element {
  const [to, setTo] = useState(id);
  const why = whyNot(to);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []); // the dialog has put the focus on its first button
  return (
    <Dialog title={say("renameTitle", { node: id })} onClose={onClose}>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (why === null) onRename(to);
        }}
      >
        <TextField label={say("id")} mono ref={field} value={to} problem={why ?? undefined} onChange={(event) => setTo(event.target.value)} />
        <p className="soft">{say("renameSays")}</p>
        <div className={css["buttons"]}>
          <Button onClick={onClose}>{sayFrame("notNow")}</Button>
          <Button look="main" type="submit" aria-disabled={why !== null}>
            {say("rename")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ConnectProps {
  readonly outline: Room;
  readonly gestures: Gestures;
  readonly from: string;
  readonly onConnect: (port: string, to: string) => void;
  readonly onClose: () => void;
}

/** First the port, where there are several, then the node. */
export function ConnectDialog({ outline, gestures, from, onConnect, onClose }: ConnectProps): JSX.Element | null {
  const found = boxOf(outline, from);
  const ports = found === null ? [] : [...gestures.ports(found.box)];
  const [port, setPort] = useState<string | null>(ports.length === 1 ? (ports[0] ?? null) : null);
  if (found === null) return null;
  const { box, room } = found;
  if (port === null) {
    const picks = [...ports, "error"].map((one) => ({ id: one, says: one, second: leadsNow(room, box, one) }));
    return <Picker key="port" title={say("fromPort", { node: box.id })} picks={picks} onPick={setPort} onClose={onClose} />;
  }
  const picks = room.boxes.map((one) => ({ id: one.path, says: one.says, second: one.kind, not: gestures.whyNot(outline, from, port, one.path) }));
  const able = [...picks.filter(({ not }) => not === null), ...picks.filter(({ not }) => not !== null)];
  const other = port !== "error" && ports.length === 1 ? [{ id: ".error", says: say("another", { port: "error" }) }] : [];
  return <Picker key={port} title={say("toNode", { from: port === "out" ? box.id : `${box.id}.${port}` })} picks={[...able, ...other]} onPick={(to) => (to === ".error" ? setPort("error") : onConnect(port, to))} onClose={onClose} />;
}

function leadsNow(room: Room, box: Box, port: string): string {
  return room.links.filter((link) => link.from === box.path && link.port === port).map(({ to }) => `→ ${to}`).join(", "); // prettier-ignore
}

interface NestProps {
  readonly outline: Room;
  /** The box that is put there; without it, only the bodies of `within` are asked for. */
  readonly of: string | null;
  readonly within?: Box;
  readonly onPick: (room: string) => void;
  readonly onClose: () => void;
}

export function RoomDialog({ outline, of, within, onPick, onClose }: NestProps): JSX.Element {
  const own = of === null ? null : (boxOf(outline, of)?.room.path ?? null);
  const inner = new Set(of === null ? [] : [...boxesIn(outline)].filter(({ path }) => path === of).flatMap((box) => box.rooms.flatMap((room) => [...roomsIn(room)].map(({ path }) => path))));
  const rooms = within === undefined ? [...roomsIn(outline)] : within.rooms;
  const picks = rooms.filter(({ path }) => path !== own && !inner.has(path)).map(({ path, boxes }) => ({ id: path, says: path || say("outermost"), second: boxes.map(({ id }) => id).join(", ") }));
  return <Picker title={say("intoWhich")} picks={picks} onPick={onPick} onClose={onClose} />;
}
