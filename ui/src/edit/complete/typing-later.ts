/** An editor that completes and closes brackets from when it is entered: before, nobody needs that, and nobody waits for it. */

import { Compartment, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";

type Typing = typeof import("./typing");

let loading: Promise<Typing> | null = null;

function load(): Promise<Typing> {
  loading ??= import("./typing");
  loading.catch(() => (loading = null)); // the next one tries again
  return loading;
}

/** What is typed and asked for before it has come counts: it is completed then. */
export function typingLater(made: (typing: Typing) => Extension): Extension {
  const place = new Compartment();
  let isThere = false;
  const begin = (view: EditorView, isAsked: boolean) => {
    const before = view.state.doc;
    load().then(
      (typing) => {
        if (!view.dom.isConnected) return;
        if (!isThere) view.dispatch({ effects: place.reconfigure(made(typing)) });
        isThere = true;
        if (isAsked || (view.hasFocus && view.state.doc !== before)) typing.startCompletion(view);
      },
      () => undefined, // what is typed is kept without, too
    );
    return true;
  };
  const asked = keymap.of([{ key: "Ctrl-Space", run: (view) => begin(view, true) }]);
  const entered = EditorView.domEventHandlers({ focus: (_, view) => void (isThere || begin(view, false)) });
  return [place.of(asked), entered];
}
