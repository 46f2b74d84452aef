/** What the mouse does with a graph that can be changed: it moves boxes, draws edges, and drops what comes from the library. */

import { type FinalConnectionState, type Node, useConnection, useReactFlow, ViewportPortal } from "@xyflow/react";
import { type ClipboardEvent, type DragEvent, type JSX, useState } from "react";
import type { BoxNodeData } from "./box";
import css from "./canvas.module.css";
import { type Editing, KIND, roomAt, spotAt, useEditing } from "./editing";
import { boxAt } from "./far";
import type { Layout } from "./layout";
import { boxOf, type Room, roomsIn } from "./outline";
import { say } from "./words";

interface Dragged {
  readonly path: string;
  readonly x: number;
  readonly y: number;
}

export interface Drag {
  /** The nodes as they stand while one is moved, with all that is in it. */
  readonly moved: (nodes: Node<BoxNodeData>[]) => Node<BoxNodeData>[];
  readonly onDrag: (event: unknown, node: Node) => void;
  readonly onStop: (event: unknown, node: Node) => void;
  /** The body that it would be put into, where that is another one. */
  readonly over: string | null;
}

export function useDrag(outline: Room, layout: Layout, editing: Editing | null): Drag {
  const [dragged, setDragged] = useState<Dragged | null>(null);
  const target = (path: string, x: number, y: number) => {
    const rect = layout.boxes.get(path);
    const own = boxOf(outline, path)?.room.path;
    const room = rect === undefined ? own : roomAt(outline, layout, x + rect.width / 2, y + Math.min(rect.height, 56) / 2, path);
    return { own, room };
  };
  const over = dragged === null ? null : target(dragged.path, dragged.x, dragged.y);
  return {
    over: over !== null && over.room !== over.own ? (over.room ?? null) : null,
    moved: (nodes) => {
      const rect = dragged === null ? undefined : layout.boxes.get(dragged.path);
      if (dragged === null || rect === undefined) return nodes;
      const [x, y] = [dragged.x - rect.x, dragged.y - rect.y];
      const isInner = (id: string) => id === dragged.path || id.startsWith(`${dragged.path}[`) || id.startsWith(`${dragged.path}.`);
      return nodes.map((node) => (isInner(node.id) ? { ...node, position: { x: node.position.x + x, y: node.position.y + y }, zIndex: (node.zIndex ?? 0) + 1000 } : node));
    },
    onDrag: (_, { id, position }) => setDragged({ path: id, ...position }),
    onStop: (_, { id, position: { x, y } }) => {
      setDragged(null);
      const rect = layout.boxes.get(id);
      if (editing === null || rect === undefined || Math.hypot(rect.x - x, rect.y - y) < 3) return;
      const { own, room } = target(id, x, y);
      const origin = layout.origins.get(own ?? "") ?? { x: 0, y: 0 };
      if (room !== undefined && room !== own) editing.onNest(id, room);
      else editing.onMove(id, x - origin.x, y - origin.y);
    },
  };
}

/** What is drawn from a port and let go, and what is dropped. */
export function useLines(outline: Room, layout: Layout, editing: Editing | null) {
  const flow = useReactFlow();
  const place = (event: { clientX: number; clientY: number }) => flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
  return {
    onEnd: (event: MouseEvent | TouchEvent, { fromHandle }: FinalConnectionState) => {
      const point = "clientX" in event ? event : event.changedTouches[0];
      if (editing === null || fromHandle?.id == null || point === undefined) return;
      const { x, y } = place(point);
      const to = targetAt(layout, fromHandle.nodeId, x, y);
      if (to === null) editing.onAddBehind(fromHandle.nodeId, fromHandle.id);
      else if (to !== fromHandle.nodeId || boxOf(outline, to)?.box.rooms.length === 0) editing.onConnect(fromHandle.nodeId, fromHandle.id, to);
    },
    drops:
      editing === null
        ? {}
        : {
            onDragOver: (event: DragEvent) => {
              if (event.dataTransfer.types.includes(KIND)) event.preventDefault();
            },
            onDrop: (event: DragEvent) => {
              const kind = event.dataTransfer.getData(KIND);
              if (kind === "") return;
              event.preventDefault();
              const { x, y } = place(event);
              editing.onDrop(kind, spotAt(outline, layout, x, y));
            },
          },
  };
}

/** The box that an edge is drawn to; none where it is drawn into the body that its beginning is in. */
function targetAt(layout: Layout, from: string, x: number, y: number): string | null {
  const to = boxAt(layout, x, y);
  const isAround = to !== null && (from.startsWith(`${to}[`) || from.startsWith(`${to}.`));
  return isAround ? null : to;
}

/** Beside the end of an edge that is drawn: why it cannot lead there. */
export function WhyNot({ outline, layout, editing }: { outline: Room; layout: Layout; editing: Editing }): JSX.Element | null {
  const flow = useReactFlow();
  const drawn = useConnection();
  const handle = drawn.fromHandle;
  if (!drawn.inProgress || handle?.id == null) return null;
  const to = targetAt(layout, handle.nodeId, drawn.to.x, drawn.to.y);
  const isBegin = to === handle.nodeId;
  const why = to === null || isBegin ? null : editing.whyNot(handle.nodeId, handle.id, to);
  const { x, y, zoom } = flow.getViewport();
  const says = isBegin ? null : to === null ? say("addHere") : (why ?? `${say("connectHere")} → ${boxOf(outline, to)?.box.says ?? to}`);
  return says === null ? null : (
    <p className={css["why"]} data-refused={why !== null} role="status" style={{ transform: `translate(${drawn.to.x * zoom + x + 14}px, ${drawn.to.y * zoom + y + 14}px)` }}>
      {says}
    </p>
  );
}

/** In bodies without nodes the button that adds the first one; and the body that something would be put into. */
export function Targets({ outline, layout, over }: { outline: Room; layout: Layout; over: string | null }): JSX.Element {
  const editing = useEditing();
  const rect = over === null ? undefined : layout.rooms.get(over);
  const empty = [...roomsIn(outline)].flatMap(({ path, boxes }) => {
    const at = layout.rooms.get(path);
    return boxes.length === 0 && at !== undefined ? [{ path, at }] : [];
  });
  return (
    <ViewportPortal>
      {rect !== undefined && <div className={css["over"]} style={{ transform: `translate(${rect.x}px, ${rect.y}px)`, width: rect.width, height: rect.height }} />}
      {empty.map(({ path, at }) => (
        <button key={path} type="button" tabIndex={-1} className={css["first"]} style={{ transform: `translate(${at.x + at.width / 2}px, ${at.y + at.height - 28}px) translate(-50%, -50%)` }} onClick={() => editing?.onAddTo(path)}>
          {say("addFirst")}
        </button>
      ))}
    </ViewportPortal>
  );
}

/** The system's clipboard, while the graph has the focus. */
export function clips(editing: Editing | null) {
  if (editing === null) return {};
  const isHere = (event: ClipboardEvent) => document.activeElement === event.currentTarget; // it is said to happen where the selection is
  const put = (event: ClipboardEvent, isCut: boolean) => {
    const text = isHere(event) && window.getSelection()?.isCollapsed !== false ? editing.onCopy() : null;
    if (text === null) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
    if (isCut) editing.onCut();
  };
  return {
    onCopy: (event: ClipboardEvent) => put(event, false),
    onCut: (event: ClipboardEvent) => put(event, true),
    onPaste: (event: ClipboardEvent) => {
      if (!isHere(event)) return;
      event.preventDefault();
      editing.onPaste(event.clipboardData.getData("text/plain"));
    },
  };
}
