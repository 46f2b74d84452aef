/** What an editor of a definition's text can do beside being typed in: find, complete, close brackets, show what is wrong. */

import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { type Action, type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import type { EditorState, Extension, TransactionSpec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { type Assist, textAssist } from "./complete/assist";
import type { Fix } from "./complete/fix";
import { say } from "./complete/words";
import type { Mark } from "./text-editor";

export function more(assist: Assist | undefined): Extension {
  return [
    lintGutter(),
    closeBrackets(),
    highlightSelectionMatches(),
    search({ top: true }),
    assist === undefined ? [] : textAssist(assist),
    keymap.of([...closeBracketsKeymap, ...searchKeymap, ...completionKeymap, ...lintKeymap]),
  ];
}

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

// The form comes with the first node that is chosen; by then the server may be away.
void import("./forms/node-form").catch(() => undefined);
