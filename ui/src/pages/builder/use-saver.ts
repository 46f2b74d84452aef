/** The saver of a page, which goes on until what was typed is kept, also when the page is left. */

import { useEffect, useEffectEvent, useState } from "react";
import { Saver, type SaverState } from "../../edit/saver";
import { type Begun, storeOf } from "./drafts";
import { keepAt } from "./here";

/** Of each draft the one that is at work in this window: the next takes over what it has not kept. */
const atWork = new Map<string, Saver>();

/** What earlier pages have kept in this browser is gone on with, one after the other; `onShow` shows a text that is not shown yet. */
export function useSaver(draft: string, workflow: string | null, begun: Begun, onShow: (text: string) => void): { saver: Saver; state: SaverState } {
  const [saver] = useState(() => new Saver(storeOf(draft, workflow, begun.syntax, begun.base), begun));
  const [state, setState] = useState<SaverState>(saver.state);
  const [waiting] = useState(() => [...begun.here]);
  const show = useEffectEvent(onShow);
  useEffect(() => {
    if (atWork.get(draft) !== saver) atWork.get(draft)?.end();
    atWork.set(draft, saver);
    saver.hear(setState);
    return () => saver.hear(() => undefined);
  }, [saver, draft]);
  useEffect(() => {
    if (state.is !== "saved") return;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const isFirst = next === begun.here[0]; // it is what the editor began with
      saver.resume(next, isFirst ? begun : { text: saver.text, revision: saver.revision });
      if (saver.state.is === "saved" || saver.isHere) keepAt(next.key, null);
      if (saver.state.is === "saved") continue;
      if (!isFirst) show(saver.text);
      break;
    }
  }, [state, saver, begun, waiting]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (saver.state.is !== "saved" && !saver.isHere) event.preventDefault(); // it is nowhere yet
    };
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, [saver]);
  return { saver, state };
}
