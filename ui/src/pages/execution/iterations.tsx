/** The iterations of a loop as a strip of their states; one of them is shown in the graph. */

import { type JSX, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { BoxLook } from "../../graph/looks";
import type { Box } from "../../graph/outline";
import { Button, IconButton } from "../../parts/button";
import { names } from "../../parts/class-names";
import { inkAt, useTheme } from "../../parts/ink";
import { Mark } from "../../parts/state";
import type { Trace } from "../../trace/trace";
import css from "./inspector.module.css";
import { FAILED, IterationStates, RANKS } from "./iteration-states";
import type { Shown } from "./moment";
import { say } from "./words";

interface IterationsProps {
  readonly trace: Trace;
  readonly shown: Shown;
  readonly box: Box;
  readonly look: BoxLook;
  readonly onIteration: (loop: string, number: number | null) => void;
}

/** The iterations of a loop at a moment: their states, and which of them is shown. */
function useIterations({ trace, shown, box, look, onIteration }: IterationsProps) {
  const room = box.rooms.find(({ label }) => label === "[]");
  const places = trace.inside(look.place, "[]");
  const known = useMemo(() => (room === undefined ? null : new IterationStates(trace, places, room)), [trace, places, room]);
  const states = useMemo(() => known?.at(shown.moment) ?? new Int8Array(), [known, places.length, shown.at, trace.version]);
  const current = room === undefined ? undefined : shown.looks.rooms.get(room.path);
  const at = current === undefined ? -1 : places.indexOf(current);
  const choose = (to: number) => onIteration(look.run, trace.numbers.at(places[Math.max(0, Math.min(places.length - 1, to))] as number));
  return { places, states, at, choose };
}

export function Iterations(props: IterationsProps): JSX.Element | null {
  const { look, onIteration } = props;
  const { places, states, at, choose } = useIterations(props);
  if (places.length === 0) return null;
  const failed = states.findIndex((rank) => rank >= FAILED);
  return (
    <div className={css["iterations"]}>
      <div className={css["which"]}>
        <IconButton icon="left" says={say("iterationBefore")} onClick={() => choose(at - 1)} />
        <span aria-live="polite">{say("iterationOf", { n: at + 1, all: places.length })}</span>
        <IconButton icon="right" says={say("iterationNext")} onClick={() => choose(at + 1)} />
        {failed >= 0 && (
          <Button look="bare" onClick={() => choose(failed)}>
            {say("firstFailed")}
          </Button>
        )}
        <Button look="bare" onClick={() => onIteration(look.run, null)}>
          {say("iterationLast")}
        </Button>
      </div>
      <Strip states={states} at={at} onChoose={choose} />
    </div>
  );
}

/** The same in a line, for the caption of a container: the failed ones can be walked one by one. */
export function IterationsInLine(props: IterationsProps): JSX.Element | null {
  const { places, states, at, choose } = useIterations(props);
  if (places.length === 0) return null;
  const failed = states.reduce((n, rank) => n + Number(rank >= FAILED), 0);
  const next = states.findIndex((rank, place) => rank >= FAILED && place > at);
  return (
    <span className={names(css["inLine"], "nodrag", "nopan")} role="group" aria-label={say("iterationOf", { n: at + 1, all: places.length })} onClick={(event) => event.stopPropagation()}>
      <button type="button" tabIndex={-1} aria-label={say("iterationBefore")} title={say("iterationBefore")} onClick={() => choose(at - 1)}>
        ‹
      </button>
      <span className={css["place"]}>{say("iterationOf", { n: at + 1, all: places.length })}</span>
      <button type="button" tabIndex={-1} aria-label={say("iterationNext")} title={say("iterationNext")} onClick={() => choose(at + 1)}>
        ›
      </button>
      <Strip states={states} at={at} onChoose={choose} />
      {failed > 0 && (
        <button type="button" tabIndex={-1} className={css["ofFailed"]} aria-label={say("nextFailed", { n: failed })} title={say("nextFailed", { n: failed })} onClick={() => choose(next >= 0 ? next : states.findIndex((rank) => rank >= FAILED))}>
          <Mark look="failed" size={12} /> {say("count", { n: failed })}
        </button>
      )}
    </span>
  );
}

function Strip({ states, at, onChoose }: { states: Int8Array; at: number; onChoose: (at: number) => void }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const theme = useTheme();
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const drawn = canvas.current;
    const context = drawn?.getContext("2d");
    if (!drawn || !context || width === 0) return;
    const sharp = window.devicePixelRatio;
    drawn.width = width * sharp;
    drawn.height = HEIGHT * sharp;
    context.scale(sharp, sharp);
    const ink = inkAt(drawn);
    const wide = width / states.length;
    for (let column = 0; column < Math.min(width, states.length); column += 1) {
      const from = Math.floor((column * states.length) / Math.min(width, states.length));
      const to = Math.max(from + 1, Math.floor(((column + 1) * states.length) / Math.min(width, states.length)));
      context.fillStyle = ink(RANKS[worst(states, from, to)] ?? "line-1");
      context.fillRect(from * wide, 4, Math.max(1, (to - from) * wide - (wide > 3 ? 1 : 0)), HEIGHT - 8);
    }
    if (at >= 0) {
      context.strokeStyle = ink("ink-1");
      context.lineWidth = 2;
      context.strokeRect(at * wide, 2, Math.max(4, wide - 1), HEIGHT - 4);
    }
  }, [states, at, width, theme]);
  const clicked = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (box !== undefined) onChoose(Math.floor(((event.clientX - box.left) / box.width) * states.length));
  };
  return <canvas ref={canvas} className={css["strip"]} onPointerDown={clicked} aria-hidden="true" />;
}

const HEIGHT = 20;

function worst(ranks: Int8Array, from: number, to: number): number {
  let most = 0;
  for (let at = from; at < to; at += 1) most = Math.max(most, ranks[at] ?? 0);
  return most;
}
