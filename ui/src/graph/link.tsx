/** An edge: solid where it was taken, dotted where it was not, thin while it is open. Its port and condition stand where it begins. */

import { type Edge, type EdgeProps, EdgeLabelRenderer } from "@xyflow/react";
import type { JSX } from "react";
import { names } from "../parts/class-names";
import css from "./canvas.module.css";
import { middleOf, useEditing } from "./editing";
import type { Rect } from "./layout";
import type { Link } from "./outline";
import { useIsWrong, useLinkLook } from "./view";
import { say } from "./words";

export interface LinkEdgeData extends Record<string, unknown> {
  readonly link: Link;
  readonly from: Rect;
  readonly to: Rect;
}

export function LinkEdge({ data }: EdgeProps<Edge<LinkEdgeData>>): JSX.Element | null {
  const look = useLinkLook(data?.link.id ?? "");
  const isWrong = useIsWrong(data?.link.id ?? "");
  const editing = useEditing();
  if (data === undefined) return null;
  const { link, from, to } = data;
  const says = [link.mark === undefined ? "" : say(link.mark), link.isBack && editing !== null ? "↺" : "", link.type === "main" || link.type === link.port ? "" : link.type, link.port === "out" ? "" : link.port, link.when ?? "", link.heat?.says ?? ""].filter(Boolean).join(" · ");
  return (
    <>
      {editing !== null && <path d={way(from, to, link.isBack)} className={css["grip"]} />}
      <path d={way(from, to, link.isBack)} className={names(css["link"], css[link.heat === undefined ? look : link.heat.share > 0 ? "taken" : "untaken"], link.type !== "main" && css["typed"], link.mark && css[`link-${link.mark}`], isWrong && css["wrongLink"], editing?.chosenLink === link.id && css["chosenLink"])} style={link.heat && { strokeWidth: 1 + 3 * link.heat.share }} />
      {editing !== null && <Insert link={link} from={from} to={to} onInsert={editing.onInsert} />}
      {says !== "" && (
        <EdgeLabelRenderer>
          <span className={names(css["port"], look === "untaken" && css["faint"])} style={{ transform: `translate(${from.x + from.width + 6}px, ${labelY(from, to, link.isBack)}px)` }} title={says}>
            {says}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** The sign in the middle of an edge that puts a node into it; by keys the edge is chosen first. */
function Insert({ link, from, to, onInsert }: { link: Link; from: Rect; to: Rect; onInsert: (link: string) => void }): JSX.Element | null {
  const middle = middleOf(from, to, link.isBack);
  if (middle === null || link.isBack) return null;
  return (
    <EdgeLabelRenderer>
      <button type="button" tabIndex={-1} className={css["insert"]} style={{ transform: `translate(${middle.x}px, ${middle.y}px) translate(-50%, -50%)` }} aria-label={say("insert", { from: link.from, to: link.to })} title={say("insertHere")} onClick={() => onInsert(link.id)}>
        +
      </button>
    </EdgeLabelRenderer>
  );
}

/** From the right of one box to the left of another; back edges go below both. */
export function way(from: Rect, to: Rect, isBack: boolean): string {
  let said = "";
  trace({ moveTo: (x, y) => (said += `M${x} ${y}`), lineTo: (x, y) => (said += `L${x} ${y}`), bezierCurveTo: (...points) => (said += `C${points.join(" ")}`) }, from, to, isBack);
  return said;
}

interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
}

export function trace(pen: Pen, from: Rect, to: Rect, isBack: boolean): void {
  const x1 = from.x + from.width;
  const y1 = from.y + from.height / 2;
  const x2 = to.x;
  const y2 = to.y + to.height / 2;
  pen.moveTo(x1, y1);
  if (isBack || x2 < x1) {
    const below = Math.max(from.y + from.height, to.y + to.height) + 22;
    pen.bezierCurveTo(x1 + 36, y1, x1 + 36, below, x1, below);
    pen.lineTo(x2, below);
    pen.bezierCurveTo(x2 - 36, below, x2 - 36, y2, x2, y2);
    return;
  }
  const bend = Math.max(24, (x2 - x1) / 2);
  pen.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
}

function labelY(from: Rect, to: Rect, isBack: boolean): number {
  const middle = from.y + from.height / 2;
  const toMiddle = to.y + to.height / 2;
  if (isBack) return middle + 8;
  return toMiddle > middle + 4 ? middle + 6 : toMiddle < middle - 4 ? middle - 27 : middle - 15; // of three that part there none covers another
}
