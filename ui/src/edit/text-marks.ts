/** What is wrong in a definition's text, at its place: in the text, beside it and by keys. Loaded with the first of it. */

import { type Action, type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import type { EditorState, Extension, TransactionSpec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import type { Fix } from "./complete/fix";
import { say } from "./complete/words";
import type { Mark } from "./text-editor";

export const MARKING: Extension = [lintGutter(), keymap.of(lintKeymap)];

/** The marks, at their places. */
export function marked(state: EditorState, marks: readonly Mark[]): TransactionSpec {
  const end = state.doc.length;
  const diagnostics: Diagnostic[] = marks.map(({ from, to, severity, message, fix }) => ({ from: Math.min(from, end), to: Math.min(to, end), severity, message, ...(fix != null && { actions: [actionOf(fix)] }) }));
  return setDiagnostics(state, diagnostics);
}

/** It stands where the mark does, which has moved along with what was typed before it. */
function actionOf({ word, wrong }: Fix): Action {
  return {
    name: say("mend", { word }),
    apply: (view, from, to) => {
      const line = view.state.sliceDoc(from, to);
      const at = line.indexOf(wrong);
      if (at !== -1) view.dispatch({ changes: { from: from + at, to: from + at + wrong.length, insert: word }, userEvent: "input.fix" });
    },
  };
}
