/** What a hand on the canvas does, by mouse and by keys: each becomes one change of the text that can be undone. */

import { type Dispatch, type JSX, type KeyboardEvent, type RefObject, type SetStateAction, useEffect, useEffectEvent, useImperativeHandle, useMemo, useState } from "react";
import type { Broken } from "../../edit/parse";
import { CannotSplice } from "../../edit/splice/splice";
import type { EditorHandle } from "../../edit/text-editor";
import { useOffered } from "../../frame/commands";
import type { Editing } from "../../graph/editing";
import type { Layout } from "../../graph/layout";
import { boxOf, type Link, linkOf, linksIn, type Room } from "../../graph/outline";
import { apart } from "../../parts/apart";
import type { MenuItem } from "../../parts/menu";
import { toast } from "../../parts/toast";
import { say } from "./canvas-words";
import type { EdgeHand } from "./form-panel";
import type { Done, Gestures, Kind } from "./gesture";
import type { BuilderSearch } from "./route";
import { say as sayPage } from "./words";

export interface HandProps {
  readonly editor: RefObject<EditorHandle | null>;
  readonly stage: RefObject<HTMLElement | null>;
  readonly outline: Room | null;
  readonly layout: Layout | null;
  readonly kinds: readonly Kind[];
  readonly ports: Readonly<Record<string, readonly string[]>>;
  readonly broken: Broken | null;
  readonly search: BuilderSearch;
  readonly onShow: (changed: BuilderSearch) => void;
  /** What the form of an edge has to do with the canvas, and how often its keys have asked for it. */
  readonly edgeHand: RefObject<EdgeHand | null>;
  readonly onEdgeAsked: Dispatch<SetStateAction<number>>;
}

export interface Hand {
  readonly editing: Editing | null;
  readonly actions: readonly MenuItem[];
  readonly add: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly tidy: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly library: JSX.Element | null;
  readonly head: () => void;
  readonly dialog: JSX.Element | null;
}

/** Where the next node goes. */
type Place = { readonly is: "behind"; readonly path: string | null; readonly port?: string } | { readonly is: "link"; readonly id: string } | { readonly is: "room"; readonly path: string };
type Asked = "rename" | "connect" | "nest" | "inside" | null;

const ConnectDialog = apart(async () => (await import("./canvas-dialogs")).ConnectDialog);
const RenameDialog = apart(async () => (await import("./canvas-dialogs")).RenameDialog);
const RoomDialog = apart(async () => (await import("./canvas-dialogs")).RoomDialog);
const Library = apart(async () => (await import("./library")).Library);
/** What keys lead to is there before they are pressed. */
const ASKED = [ConnectDialog, RenameDialog, RoomDialog, Library];

type Splicing = typeof import("./gesture");
type Make = (gestures: Gestures, text: string) => Done;
/** What reads and writes YAML comes when the graph is there already. */
const splicing = (): Promise<Splicing> => import("./gesture");

/** How far a press of an arrow moves a node. */
const STEP = 16;

export function useHand(props: HandProps): Hand {
  const { editor, stage, outline, layout, kinds, ports, search, onShow, edgeHand, onEdgeAsked } = props;
  const [place, setPlace] = useState<Place | null>(null);
  const [asked, setAsked] = useState<Asked>(null);
  const [library, setLibrary] = useState<Splicing | null>(null);
  useEffect(() => {
    void splicing().then((found) => setLibrary(() => found));
    for (const one of ASKED) one.prepare();
  }, []);
  const gestures = useMemo(() => (library === null ? null : new library.Gestures(kinds, ports)), [library, kinds, ports]);
  const chosen = search.node ?? null;
  const found = outline === null || chosen === null ? null : boxOf(outline, chosen);
  const link = outline === null || search.edge === undefined ? null : linkOf(outline, search.edge);

  const focus = () => stage.current?.querySelector<HTMLElement>("[data-graph]")?.focus();
  const perform = (make: Make): boolean => {
    if (library !== null && gestures !== null) return perform_(props, library, gestures, make);
    void splicing().then((found) => perform_(props, found, new found.Gestures(kinds, ports), make));
    return true;
  };
  const leave = () => {
    setPlace(null);
    setAsked(null);
    focus();
  };
  const edge = (id: string | null) => {
    onEdgeAsked(0);
    onShow(id === null ? { edge: undefined } : { edge: id, node: undefined, form: undefined });
  };
  const add = (next?: Place) => setPlace(next ?? (link !== null ? { is: "link", id: link.id } : { is: "behind", path: chosen }));
  const pick = (kind: string) => {
    const at = place ?? { is: "behind", path: chosen };
    const isDone = perform((gestures, text) => {
      if (at.is === "link") return gestures.insert(text, kind, at.id);
      if (at.is === "room") return gestures.add(text, kind, at.path, null);
      return gestures.add(text, kind, at.path === null ? "" : null, at.path, at.port);
    });
    if (isDone) leave();
  };
  const remove = () => {
    if (link !== null) {
      if (perform((gestures, text) => gestures.disconnect(text, link.id))) onShow({ edge: undefined, node: link.from });
    } else if (chosen !== null) perform((gestures, text) => gestures.remove(text, chosen));
    focus();
  };
  const now = () => outlineNow(library, editor.current, outline);
  const inside = () => {
    const current = now();
    const rooms = current === null || chosen === null ? [] : (boxOf(current, chosen)?.box.rooms ?? []);
    if (rooms.length === 1) add({ is: "room", path: rooms[0]?.path ?? "" });
    else if (rooms.length > 1) setAsked("inside");
    else toast({ says: say("noBodies") });
  };
  const doing = {
    add,
    pick,
    remove,
    inside,
    rename: () => setAsked("rename"),
    connect: () => setAsked("connect"),
    head: () => onShow({ node: undefined, edge: undefined, form: search.form === "head" ? undefined : "head" }),
    nest: () => setAsked("nest"),
    duplicate: () => {
      if (chosen !== null) perform((gestures, text) => gestures.duplicate(text, chosen));
    },
    tidy: () => void perform((gestures, text) => gestures.tidy(text)),
    undo: () => editor.current?.undo(),
    redo: () => editor.current?.redo(),
    nextEdge: () => {
      const current = now();
      const next = current === null ? null : edgeAfter(current, link?.id ?? null, chosen ?? link?.from ?? null);
      if (next !== null) edge(next.id);
    },
  };
  useImperativeHandle(edgeHand, () => ({
    remove,
    leave: () => {
      edge(null);
      focus();
    },
  }));
  useCommands(doing, asked !== null, { hasNode: chosen !== null, hasLink: link !== null });

  // what the canvas calls is the same as long as ports and kinds are: else each press would draw all boxes anew
  const act = useEffectEvent((what: (now: { chosen: string | null; perform: typeof perform }) => void) => what({ chosen, perform }));
  const show = useEffectEvent((next: Place) => setPlace(next));
  const chooseLink = useEffectEvent((id: string) => edge(id));
  const chosenLink = link?.id ?? null;
  const editing = useMemo<Editing | null>(
    () => gestures && {
      outlineNow: () => outlineNow(library, editor.current, outline),
      ports: (box) => gestures.ports(box),
      whyNot: (from, port, to) => (outline === null ? null : gestures.whyNot(outline, from, port, to)),
      chosenLink,
      onChooseLink: (id) => chooseLink(id),
      onConnect: (from, port, to) => act((now) => now.perform((gestures, text) => gestures.connect(text, from, port, to))),
      onAddBehind: (path, port) => show({ is: "behind", path, port }),
      onInsert: (id) => show({ is: "link", id }),
      onAddTo: (path) => show({ is: "room", path }),
      onDrop: (kind, { room, link: on }) => act((now) => now.perform((gestures, text) => (on === null ? gestures.add(text, kind, room, null) : gestures.insert(text, kind, on)))),
      onMove: (path, x, y) => act((now) => now.perform((gestures, text) => gestures.move(text, path, x, y))),
      onNest: (path, room) => act((now) => now.perform((gestures, text) => gestures.nest(text, path, room))),
      onCopy: () => copyOf(editor.current, gestures, chosenOf(props.search)),
      onCut: () => act((now) => (now.chosen === null ? undefined : void now.perform((gestures, text) => gestures.remove(text, now.chosen as string)))),
      onPaste: (pasted) => act((now) => now.perform((gestures, text) => gestures.paste(text, pasted, now.chosen))),
    },
    [gestures, library, chosenLink, outline, editor, props.search],
  );

  const pressed = (event: KeyboardEvent) => {
    const onGraph = event.target instanceof HTMLElement && event.target.dataset["graph"] !== undefined;
    if (!onGraph) return;
    const isMod = event.metaKey || event.ctrlKey;
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (isMod && event.shiftKey && event.key.toLowerCase() === "z") doing.redo();
    else if (event.shiftKey && by !== undefined && found !== null && layout !== null) {
      const rect = layout.boxes.get(found.box.path);
      const origin = layout.origins.get(found.room.path);
      if (rect === undefined || origin === undefined) return;
      perform((gestures, text) => gestures.move(text, found.box.path, rect.x - origin.x + (by[0] ?? 0), rect.y - origin.y + (by[1] ?? 0)));
    } else if (link !== null && event.key === "Enter") onEdgeAsked((before) => before + 1);
    else if (link !== null && event.key === "Escape") onShow({ edge: undefined, node: link.from });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return {
    editing,
    actions: actionsOf(doing, found !== null, (found?.box.rooms.length ?? 0) > 0, link !== null),
    add: () => (place === null ? add() : leave()),
    undo: doing.undo,
    redo: doing.redo,
    tidy: doing.tidy,
    onKeyDown: pressed,
    library: place === null ? null : <Library kinds={kinds} to={whereTo(outline, place)} onPick={pick} onClose={leave} />,
    head: doing.head,
    dialog: asked === null || gestures === null ? null : <Dialogs asked={asked} outline={now()} gestures={gestures} chosen={chosen} text={() => editor.current?.text() ?? ""} perform={perform} onClose={leave} onRoom={(path) => { setAsked(null); add({ is: "room", path }); }} />,
  }; // prettier-ignore
}

interface DialogsProps {
  readonly asked: NonNullable<Asked>;
  readonly outline: Room | null;
  readonly gestures: Gestures;
  readonly chosen: string | null;
  readonly text: () => string;
  readonly perform: (make: Make) => boolean;
  readonly onRoom: (path: string) => void;
  readonly onClose: () => void;
}

function Dialogs({ asked, outline, gestures, chosen, text, perform, onRoom, onClose }: DialogsProps): JSX.Element | null {
  const found = outline === null || chosen === null ? null : boxOf(outline, chosen);
  if (outline === null || chosen === null || found === null) return null;
  const done = (make: Make) => {
    if (perform(make)) onClose();
  };
  if (asked === "rename") return <RenameDialog id={found.box.id} whyNot={(to) => whyNotRenamed(gestures, text(), chosen, to)} onRename={(to) => done((_, now) => gestures.rename(now, chosen, to))} onClose={onClose} />;
  if (asked === "connect") return <ConnectDialog outline={outline} gestures={gestures} from={chosen} onConnect={(port, to) => done((_, now) => gestures.connect(now, chosen, port, to))} onClose={onClose} />;
  if (asked === "nest") return <RoomDialog outline={outline} of={chosen} onPick={(room) => done((_, now) => gestures.nest(now, chosen, room))} onClose={onClose} />;
  return <RoomDialog outline={outline} of={null} within={found.box} onPick={onRoom} onClose={onClose} />;
}

/** Keys work wherever nothing is typed; while something is asked, they belong to that. */
function useCommands(doing: { readonly [name in "add" | "inside" | "connect" | "duplicate" | "rename" | "remove" | "nest" | "tidy" | "undo" | "redo" | "nextEdge" | "head"]: () => void }, isAsked: boolean, now: { hasNode: boolean; hasLink: boolean }): void {
  const group = say("keys");
  const all = [
    { id: "add", says: say("add"), keys: "a", run: () => doing.add(), is: true },
    { id: "inside", says: say("addInside"), keys: "i", run: doing.inside, is: now.hasNode },
    { id: "connect", says: say("connect"), keys: "c", run: doing.connect, is: now.hasNode },
    { id: "rename", says: say("rename"), keys: "f2", run: doing.rename, is: now.hasNode },
    { id: "duplicate", says: say("duplicate"), keys: "d", run: doing.duplicate, is: now.hasNode },
    { id: "nest", says: say("nest"), keys: "m", run: doing.nest, is: now.hasNode },
    { id: "remove", says: say("remove"), keys: "delete", run: doing.remove, is: now.hasNode || now.hasLink },
    { id: "backspace", says: say("remove"), keys: "backspace", run: doing.remove, is: now.hasNode || now.hasLink },
    { id: "edge", says: say("edge"), keys: "e", run: doing.nextEdge, is: now.hasNode || now.hasLink },
    { id: "head", says: say("head"), keys: "w", run: doing.head, is: true },
    { id: "tidy", says: say("tidy"), keys: "t", run: doing.tidy, is: true },
    { id: "undo", says: say("undo"), keys: "mod+z", run: doing.undo, is: true },
    { id: "redo", says: say("redo"), keys: "mod+y", run: doing.redo, is: true },
  ];
  useOffered(isAsked ? [] : all.filter(({ is }) => is).map(({ id, says, keys, run }) => ({ id: `canvas ${id}`, says, keys, group, run, isListed: id !== "backspace" })));
}

function actionsOf(doing: { readonly [name in "rename" | "connect" | "duplicate" | "nest" | "inside" | "remove"]: () => void }, hasNode: boolean, hasBodies: boolean, hasLink: boolean): MenuItem[] {
  const not = hasNode ? undefined : say("noneChosen");
  return [
    { id: "rename", says: say("rename"), not, run: doing.rename },
    { id: "connect", says: say("connect"), not, run: doing.connect },
    { id: "inside", says: say("addInside"), not: not ?? (hasBodies ? undefined : say("noBodies")), run: doing.inside },
    { id: "duplicate", says: say("duplicate"), not, run: doing.duplicate },
    { id: "nest", says: say("nest"), not, run: doing.nest },
    { id: "remove", says: say("remove"), not: hasLink ? undefined : not, run: doing.remove },
  ];
}

/** Does it, as one change of the text; false where it cannot be done, which is said. */
function perform_({ editor, broken, onShow }: HandProps, { settled }: Splicing, gestures: Gestures, make: Make): boolean {
  const shown = editor.current;
  if (shown === null) return false;
  if (broken !== null) {
    toast({ says: sayPage("broken", { line: broken.line }) });
    return false;
  }
  const text = shown.text();
  try {
    const { splices, chosen, at } = settled(text, make(gestures, text));
    if (splices.length > 0) shown.splice(splices, at);
    if (chosen !== undefined) onShow({ node: chosen ?? undefined, edge: undefined });
    return true;
  } catch (error) {
    if (!(error instanceof CannotSplice)) throw error;
    toast({ says: error.message });
    return false;
  }
}

function copyOf(editor: EditorHandle | null, gestures: Gestures, chosen: string | null): string | null {
  if (editor === null || chosen === null) return null;
  try {
    const text = gestures.copy(editor.text(), chosen);
    toast({ says: say("copied", { node: chosen }) });
    return text;
  } catch (error) {
    if (!(error instanceof CannotSplice)) throw error;
    toast({ says: error.message });
    return null;
  }
}

/** The graph of the text as it is this moment; where that is broken, the one that is drawn. */
function outlineNow(library: Splicing | null, editor: EditorHandle | null, drawn: Room | null): Room | null {
  try {
    return editor === null || library === null ? drawn : library.outlineIn(editor.text());
  } catch (error) {
    if (error instanceof CannotSplice) return drawn;
    throw error;
  }
}

function chosenOf(search: BuilderSearch): string | null {
  return search.node ?? null;
}

function whyNotRenamed(gestures: Gestures, text: string, path: string, to: string): string | null {
  try {
    return gestures.whyNotRenamed(text, path, to);
  } catch (error) {
    if (error instanceof CannotSplice) return error.message;
    throw error;
  }
}

function whereTo(outline: Room | null, place: Place): string {
  if (place.is === "room") return say("into", { room: place.path || say("outermost") });
  if (place.is === "behind") return place.path === null ? say("atEnd") : say("behind", { node: place.port === undefined || place.port === "out" ? place.path : `${place.path}.${place.port}` });
  const link = outline === null ? null : linkOf(outline, place.id);
  return link === null ? say("gone") : say("between", { from: link.from, to: link.to });
}

/** The edges of a box one after the other: those that leave it, then those that lead to it. */
function edgeAfter(outline: Room, now: string | null, path: string | null): Link | null {
  const all = [...linksIn(outline)];
  const own = path === null ? [] : [...all.filter(({ from }) => from === path), ...all.filter(({ from, to }) => to === path && from !== path)];
  const at = own.findIndex(({ id }) => id === now);
  return own[(at + 1) % Math.max(1, own.length)] ?? null;
}
