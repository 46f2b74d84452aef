/**
 * A graph as it is drawn: React Flow where one can read it, one canvas from far away, where thousands of nodes are dots.
 *
 * One stop of Tab: arrows walk along the edges, Enter goes into a container, Escape out of it.
 */

import "@xyflow/react/dist/base.css";
import { type Edge, type Node, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { type JSX, type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { BoxNode, type BoxNodeData, ContainerNode, portAt } from "./box";
import css from "./canvas.module.css";
import { boxAt, Far, NEAR } from "./far";
import type { Layout } from "./layout";
import { type Editing, EditingContext } from "./editing";
import { LinkEdge, type LinkEdgeData } from "./link";
import { type Box, boxesIn, linkOf, linksIn, type Room } from "./outline";
import { Joined, type Together } from "./together";
import { ViewContext, type View } from "./view";
import { useNear } from "./region";
import { step } from "./walk";
import { clips, Targets, useDrag, useLines, WhyNot } from "./hand";
import { Lens, Zoom, zoomOf } from "./zoom";
import { say } from "./words";

export interface CanvasProps {
  readonly says: string;
  readonly outline: Room;
  readonly layout: Layout;
  readonly view: View;
  /** The path of the box that is chosen. */
  readonly chosen: string | null;
  readonly onChoose: (path: string | null) => void;
  readonly closed: ReadonlySet<string>;
  readonly onFold: (path: string) => void;
  /** What stands at the right of a box's second line; without it nothing does. */
  readonly detail?: (box: Box) => string;
  /** What stands in the caption of a container, such as the iteration that is shown. */
  readonly caption?: (box: Box) => ReactNode;
  /** Who zooms it from around it. */
  readonly lens?: Lens;
  /** With which others it is moved. */
  readonly together?: Together;
  /** Where the graph can be changed: what is done with it. */
  readonly editing?: Editing | null;
}

const NODE_TYPES = { box: BoxNode, container: ContainerNode };
const EDGE_TYPES = { link: LinkEdge };

export function Canvas(props: CanvasProps): JSX.Element {
  return (
    <ReactFlowProvider>
      <ViewContext value={props.view}>
        <EditingContext value={props.editing ?? null}>
          <Drawn {...props} />
        </EditingContext>
      </ViewContext>
    </ReactFlowProvider>
  );
}

function Drawn({ says, outline, layout, view, chosen, onChoose, closed, onFold, detail = noDetail, caption, lens, together, editing = null }: CanvasProps): JSX.Element {
  const flow = useReactFlow();
  const own = useMemo(() => lens ?? new Lens(), [lens]);
  const boxes = useMemo(() => new Map([...boxesIn(outline)].map((box) => [box.path, box])), [outline]);
  const isFar = useStore(({ transform }) => transform[2] < NEAR);
  const [isFitted, fitted] = useState(false);
  const near = useNear(outline, layout, isFitted);
  const drag = useDrag(outline, layout, editing);
  const lines = useLines(outline, layout, editing);
  const still = useMemo(() => (isFar ? [] : nodesOf(boxes, near, chosen, closed, onFold, detail, caption, editing)), [isFar, boxes, near, chosen, closed, onFold, detail, caption, editing]);
  const nodes = drag.moved(still);
  const edges = useMemo(() => (isFar ? [] : edgesOf(outline, boxes, near, editing)), [isFar, outline, boxes, near, editing]);
  const pressed = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.target !== event.currentTarget) return;
    const by = zoomOf(event.key);
    if (by !== undefined) {
      event.preventDefault();
      own.zoom(by);
      return;
    }
    if (event.shiftKey) return;
    const isAhead = editing !== null && chosen !== null && !layout.boxes.has(chosen); // it is in the text, and not drawn yet
    const to = step(isAhead ? (editing.outlineNow() ?? outline) : outline, layout, chosen, event.key);
    if (to === undefined || (isAhead && to === null)) return;
    event.preventDefault();
    onChoose(to);
  };
  const clicked = ({ clientX, clientY }: MouseEvent) => {
    const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
    onChoose(isFar ? boxAt(layout, x, y) : null);
  };
  return (
    <div className={css["graph"]} data-graph="" data-editing={editing === null ? undefined : ""} role="group" aria-roledescription={say("graph")} aria-label={says} aria-describedby="graph-said" tabIndex={0} onKeyDown={pressed} {...clips(editing)} {...lines.drops}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodeClick={(_, { id }) => onChoose(id)}
        onPaneClick={clicked}
        nodesDraggable={editing !== null && !isFar}
        nodesConnectable={editing !== null}
        onNodeDrag={drag.onDrag}
        onNodeDragStop={drag.onStop}
        onEdgeClick={(_, { id }) => editing?.onChooseLink(id)}
        onConnectEnd={lines.onEnd}
        connectionLineStyle={LINE}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements
        minZoom={0.02}
        maxZoom={1.6}
        proOptions={{ hideAttribution: true }}
        panOnScroll
        zoomOnDoubleClick={false}
        attributionPosition="bottom-left"
      >
        {editing !== null && !isFar && <Targets outline={outline} layout={layout} over={drag.over} />}
      </ReactFlow>
      {editing !== null && <WhyNot outline={outline} layout={layout} editing={editing} />}
      {isFar && isFitted && <Far boxes={boxes} outline={outline} layout={layout} view={view} chosen={chosen} />}
      <Zoom layout={layout} lens={own} />
      {together && <Joined together={together} />}
      <Seen layout={layout} chosen={chosen ?? linkOf(outline, editing?.chosenLink ?? "")?.from ?? null} onFitted={() => fitted(true)} />
      <p id="graph-said" className="only-heard" aria-live="polite">
        {chosen !== null && boxes.has(chosen) ? `${boxes.get(chosen)?.says}, ${boxes.get(chosen)?.kind}` : says}
      </p>
    </div>
  );
}

/** Keeps in view what has to be: all of it at first, and then what is chosen by keys. */
function Seen({ layout, chosen, onFitted }: { layout: Layout; chosen: string | null; onFitted: () => void }): null {
  const flow = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const fitted = useRef<Layout | null>(null);
  const origin = layout.origins.get("");
  const stood = useRef(origin);
  useEffect(() => {
    const before = stood.current;
    stood.current = origin;
    if (fitted.current === null || before === undefined || origin === undefined || (before.x === origin.x && before.y === origin.y)) return;
    const { x, y, zoom } = flow.getViewport();
    void flow.setViewport({ x: x + (before.x - origin.x) * zoom, y: y + (before.y - origin.y) * zoom, zoom }); // what was not moved stays where it is seen
  }, [flow, origin]);
  useEffect(() => {
    if (fitted.current !== null || width === 0 || height === 0 || layout.width === 0) return;
    fitted.current = layout;
    const zoom = Math.max(0.02, Math.min(1, (width - 2 * EDGE) / layout.width, (height - 2 * EDGE) / layout.height));
    const readable = layout.width * zoom > 0 && zoom < 0.5 && layout.height * 0.75 < height ? 0.75 : zoom; // a long row begins at its beginning
    void flow.setViewport({ x: readable === zoom ? (width - layout.width * zoom) / 2 : EDGE, y: (height - layout.height * readable) / 2, zoom: readable });
    onFitted();
  }, [flow, width, height, layout]);
  const high = useRef(height);
  useEffect(() => {
    const before = high.current;
    high.current = height;
    if (fitted.current === null || before === 0 || height === 0 || before === height) return;
    const { x, y, zoom } = flow.getViewport();
    void flow.setViewport({ x, y: y + (height - before) / 2, zoom }); // what was in the middle stays there when a form takes its room
  }, [flow, height]);
  useEffect(() => {
    const rect = chosen === null ? undefined : layout.boxes.get(chosen);
    if (rect === undefined || fitted.current === null || width === 0) return;
    const { x, y, zoom } = flow.getViewport();
    const left = rect.x * zoom + x;
    const top = rect.y * zoom + y;
    const isIn = left >= 0 && top >= 0 && left + Math.min(rect.width * zoom, width) <= width && top + Math.min(rect.height * zoom, height) <= height;
    if (!isIn) void flow.setCenter(rect.x + rect.width / 2, rect.y + rect.height / 2, { zoom: Math.max(zoom, NEAR) });
  }, [chosen, flow, layout, width, height]);
  return null;
}

const EDGE = 28;
const LINE = { stroke: "var(--ink-2)", strokeWidth: 1.5 } as const;

function noDetail(): string {
  return "";
}

function nodesOf(
  boxes: ReadonlyMap<string, Box>,
  layout: Layout,
  chosen: string | null,
  closed: ReadonlySet<string>,
  onFold: (path: string) => void,
  detail: (box: Box) => string,
  caption: CanvasProps["caption"],
  editing: Editing | null,
): Node<BoxNodeData>[] {
  const nodes: Node<BoxNodeData>[] = [];
  for (const [path, { x, y, width, height }] of layout.boxes) {
    const box = boxes.get(path);
    if (box === undefined) continue;
    const isOpen = box.rooms.length > 0 && !closed.has(path);
    const rooms = isOpen ? box.rooms.map((room) => ({ room, rect: layout.rooms.get(room.path) })) : [];
    nodes.push({
      id: path,
      type: isOpen ? "container" : "box",
      position: { x, y },
      width,
      height,
      handles: [
        { type: "target", position: Position.Left, x: 0, y: height / 2, width: 1, height: 1 },
        ...endsOf(box, editing).map(({ id, at }) => ({ id, type: "source" as const, position: Position.Right, x: width, y: height * at, width: 1, height: 1 })),
      ],
      zIndex: 2 * path.split("/").length,
      data: { box, isChosen: path === chosen, isClosed: closed.has(path), rooms: rooms.map(({ room, rect }) => ({ room, y: (rect?.y ?? y) - y })), onFold, detail, caption },
    });
  }
  return nodes;
}

/** Where edges begin: at one place, or at each port where they can be drawn. */
function endsOf(box: Box, editing: Editing | null): { readonly id: string | null; readonly at: number }[] {
  if (editing === null) return [{ id: null, at: 0.5 }];
  const ports = [...editing.ports(box), "error"];
  return ports.map((id, index) => ({ id, at: portAt(index, ports.length) }));
}

function edgesOf(outline: Room, boxes: ReadonlyMap<string, Box>, layout: Layout, editing: Editing | null): Edge<LinkEdgeData>[] {
  const edges: Edge<LinkEdgeData>[] = [];
  for (const link of linksIn(outline)) {
    const from = layout.boxes.get(link.from);
    const to = layout.boxes.get(link.to);
    const box = boxes.get(link.from);
    if (from === undefined || to === undefined || box === undefined) continue;
    const end = editing === null ? undefined : endsOf(box, editing).find(({ id }) => id === link.port);
    const begin = end === undefined || link.isBack ? from : { ...from, y: from.y + from.height * end.at, height: 0 };
    edges.push({ id: link.id, source: link.from, target: link.to, type: "link", zIndex: 2 * link.from.split("/").length + 1, data: { link, from: begin, to } });
  }
  return edges;
}
