/** Many things a second, one drawing of them: what comes is handed on together, with the next frame, or by a timer while nobody looks. */

export interface Frames {
  isHidden(): boolean;
  frame(then: () => void): void;
  timer(then: () => void, ms: number): void;
}

const HIDDEN_MS = 1_000;

export function coalesce<Item>(flush: (items: readonly Item[]) => void, frames: Frames = BROWSER): (item: Item) => void {
  let waiting: Item[] = [];
  const send = () => {
    const items = waiting;
    waiting = [];
    if (items.length > 0) flush(items);
  };
  return (item) => {
    waiting.push(item);
    if (waiting.length > 1) return;
    if (frames.isHidden()) frames.timer(send, HIDDEN_MS); // a hidden page has no frames
    else {
      frames.frame(send);
      frames.timer(send, HIDDEN_MS); // it may be hidden before its next frame
    }
  };
}

const BROWSER: Frames = {
  isHidden: () => document.hidden,
  frame: (then) => requestAnimationFrame(then),
  timer: (then, ms) => setTimeout(then, ms),
};
