/** A node of the graph, and a container with what is in it. */

import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import type { CSSProperties, JSX, ReactNode } from "react";
import { names } from "../parts/class-names";
import { Icon } from "../parts/icon";
import { lookOf, Mark } from "../parts/state";
import { sayState } from "../words/en";
import css from "./canvas.module.css";
import { useEditing } from "./editing";
import { kindIcon } from "./kinds";
import { isLabelled } from "./measures";
import type { Box, BoxMark, Room } from "./outline";
import { statusOf } from "./status";
import { type Sign, useBoxLook } from "./view";
import { say } from "./words";

export interface BoxNodeData extends Record<string, unknown> {
  readonly box: Box;
  readonly isChosen: boolean;
  readonly isClosed: boolean;
  /** Where its bodies begin, from its top. */
  readonly rooms: readonly { readonly room: Room; readonly y: number }[];
  readonly onFold: (path: string) => void;
  readonly detail: (box: Box) => string;
  readonly caption: ((box: Box) => ReactNode) | undefined;
}

export function BoxNode({ data: { box, isChosen, onFold, detail } }: NodeProps<Node<BoxNodeData>>): JSX.Element {
  const { look, isPast, isOfExecution, isWrong, sign } = useBoxLook(box.path);
  const status = look && statusOf(box.kind, look.state);
  const shown = status && lookOf(status);
  return (
    <div className={names(css["box"], isChosen && css["chosen"], isOfExecution && look === undefined && (isPast ? css["ghost"] : css["idle"]), shown && css[shown], isWrong && css["failed"], sign === "halt" && css["halted"], box.mark && css[box.mark.is], heatOf(box))} style={warmth(box)} data-path={box.path} title={`${box.says}\n${box.kind}`}>
      <Ends box={box} isChosen={isChosen} />
      {sign && <Signed sign={sign} />}
      <span className={css["icon"]}>
        <Icon name={kindIcon(box.kind)} size={16} />
      </span>
      <span className={css["words"]}>
        <span className={css["name"]}>{box.says}</span>
        <span className={css["second"]}>
          {box.kind}
          {look !== undefined && detail(box) !== "" && ` · ${detail(box)}`}
          {look === undefined && isPast && ` · ${say("notYet")}`}
          {box.heat && ` · ${box.heat.says}`}
        </span>
      </span>
      {box.rooms.length > 0 && <Fold path={box.path} isClosed says={box.says} onFold={onFold} />}
      {isWrong && <Wrong />}
      {box.mark && <Compared mark={box.mark} />}
      {shown && (
        <span className={css["state"]} role="img" aria-label={sayState(status)}>
          <Mark look={shown} />
        </span>
      )}
    </div>
  );
}

export function ContainerNode({ data: { box, isChosen, rooms, onFold, detail, caption } }: NodeProps<Node<BoxNodeData>>): JSX.Element {
  const { look, isPast, isWrong, sign } = useBoxLook(box.path);
  const status = look && statusOf(box.kind, look.state);
  return (
    <div className={names(css["container"], isChosen && css["chosen"], isWrong && css["failed"], look === undefined && isPast && css["ghost"], sign === "halt" && css["halted"], box.mark && css[box.mark.is], heatOf(box))} style={warmth(box)} data-path={box.path}>
      <Ends box={box} isChosen={isChosen} />
      {sign && <Signed sign={sign} />}
      <div className={css["caption"]}>
        <Fold path={box.path} isClosed={false} says={box.says} onFold={onFold} />
        <span className={css["name"]}>{box.says}</span>
        {caption?.(box)}
        <span className={css["second"]}>
          {box.kind}
          {look !== undefined && detail(box) !== "" && ` · ${detail(box)}`}
          {box.heat && ` · ${box.heat.says}`}
        </span>
        {isWrong && <Wrong />}
        {box.mark && <Compared mark={box.mark} />}
        {status && (
          <span className={css["state"]} role="img" aria-label={sayState(status)}>
            <Mark look={lookOf(status)} size={14} />
          </span>
        )}
      </div>
      {rooms.map(
        ({ room, y }) =>
          isLabelled(room) && (
            <span key={room.path} className={css["label"]} style={{ top: y }}>
              {room.label}
            </span>
          ),
      )}
    </div>
  );
}

/** The more took it the warmer it is; what nobody took is dashed. */
function heatOf({ heat }: Box): string | undefined {
  return heat && css[heat.share > 0 ? "warm" : "cold"];
}

function warmth({ heat }: Box): CSSProperties | undefined {
  return heat && { ["--heat" as string]: `${Math.round(heat.share * 100)}%` };
}

/** It halts here, or would: at its upper edge, beside all that it says of its run. */
function Signed({ sign }: { sign: Sign }): JSX.Element {
  return (
    <span className={names(css["sign"], css[sign])} role="img" aria-label={say(sign)} title={say(sign)}>
      {sign === "halt" && <Mark look="paused" size={12} />}
    </span>
  );
}

/** What became of it: a sign and a word. */
function Compared({ mark: { is, from } }: { mark: BoxMark }): JSX.Element {
  return (
    <span className={css["compared"]} title={from === null ? say(is) : say("renamedFrom", { from })}>
      <span aria-hidden="true">{SIGNS[is]}</span> <span className={is === "differs" ? "only-heard" : undefined}>{say(is)}</span>
    </span>
  );
}

const SIGNS: Readonly<Record<BoxMark["is"], string>> = { added: "+", removed: "−", changed: "~", renamed: "=", differs: "≠" };

function Wrong(): JSX.Element {
  return (
    <span className={css["state"]} role="img" aria-label={say("wrong")}>
      <Mark look="failed" size={14} />
    </span>
  );
}

function Fold({ path, isClosed, says, onFold }: { path: string; isClosed: boolean; says: string; onFold: (path: string) => void }): JSX.Element {
  return (
    <button
      type="button"
      className={css["fold"]}
      tabIndex={-1}
      aria-expanded={!isClosed}
      aria-label={say(isClosed ? "openBox" : "closeBox", { name: says })}
      onClick={(event) => {
        event.stopPropagation();
        onFold(path);
      }}
    >
      {isClosed ? "▸" : "▾"}
    </button>
  );
}

/** Where edges begin and end; React Flow draws none without them. Where the graph can be changed, each port is one to draw an edge from. */
function Ends({ box, isChosen }: { box: Box; isChosen: boolean }): JSX.Element {
  const editing = useEditing();
  if (editing === null) {
    return (
      <>
        <Handle type="target" position={Position.Left} className={css["end"] ?? ""} isConnectable={false} />
        <Handle type="source" position={Position.Right} className={css["end"] ?? ""} isConnectable={false} />
      </>
    );
  }
  const ports = [...editing.ports(box), "error"];
  return (
    <>
      <Handle type="target" position={Position.Left} className={css["end"] ?? ""} isConnectable={false} />
      {ports.map((port, at) => (
        <Handle key={port} type="source" id={port} position={Position.Right} style={{ top: `${portAt(at, ports.length) * 100}%` }} className={names(css["handle"], port === "error" && css["ofError"])} title={say("drawFrom", { port })}>
          {isChosen && ports.length > 2 && <span className={css["portName"]}>{port}</span>}
        </Handle>
      ))}
    </>
  );
}

/** At which part of a box's height a port stands. */
export function portAt(at: number, count: number): number {
  return count === 2 ? [0.5, 0.86][at] ?? 0.5 : (at + 1) / (count + 1);
}
