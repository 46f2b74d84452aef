/** The editor of a definition's text: CodeMirror in a shadow root, whose styles are adopted sheets, as the policy of the page allows no others. */

import { defaultKeymap, history, historyKeymap, isolateHistory, redo, undo } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, gutter, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type JSX, type Ref, useEffect, useEffectEvent, useImperativeHandle, useRef, useState } from "react";
import type { Assist } from "./complete/assist";
import type { Fix } from "./complete/fix";
import { typingLater } from "./complete/typing-later";
import type { Span } from "./parse";
import type { Splice } from "./splice/splice";
import css from "./text-editor.module.css";

/** Finding comes a moment after the text, which can be typed in before; completing once somebody does, and marking with what is wrong. */
const MORE = import("./text-more");
/** Where the marks stand: as wide as they before there are some, so that nothing jumps. */
const ROOM = new Compartment();

export interface Mark extends Span {
  readonly severity: "error" | "warning";
  readonly message: string;
  /** What may be written instead. */
  readonly fix?: Fix | null;
}

/** What others may do with the text; each change can be undone like one that was typed. */
export interface EditorHandle {
  /** Shows it, and puts the cursor there; `isChosen`: whoever does it says what is chosen, and the cursor does not. */
  readonly goTo: (span: Span, isChosen?: boolean) => void;
  /** Changes the whole text, as it was replaced by another one. */
  readonly replace: (text: string) => void;
  /** Changes what the splices say, which are of the text as it is; the cursor stays where it is. */
  readonly change: (splices: readonly Splice[]) => void;
  /** Changes parts of it, as one step that can be undone; then the cursor stands at a place of the changed text. */
  readonly splice: (splices: readonly Splice[], at?: number) => void;
  /** The text as it is this moment. */
  readonly text: () => string;
  /** Where the cursor stands in it. */
  readonly cursor: () => number;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly focus: () => void;
}

interface TextEditorProps {
  readonly says: string;
  /** What stands in it at first. */
  readonly text: string;
  readonly marks: readonly Mark[];
  /** What completes what is typed; without it nothing does. */
  readonly assist?: Assist;
  readonly onText: (text: string) => void;
  readonly onCursor: () => void;
  readonly ref?: Ref<EditorHandle>;
}

export function TextEditor({ says, text, marks, assist, onText, onCursor, ref }: TextEditorProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const marking = useMarking(marks);
  const changed = useEffectEvent((next: string) => onText(next));
  const moved = useEffectEvent(() => onCursor());
  useEffect(() => {
    const host = place.current;
    if (host === null) return;
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    const later = new Compartment();
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          ROOM.of(gutter({ class: "cm-room" })),
          later.of([]),
          typingLater((typing) => typing.forText(assist)),
          EXTENSIONS,
          EditorView.contentAttributes.of({ "aria-label": says, tabindex: "0", translate: "no", spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
            const isHere = update.view.hasFocus || !update.docChanged; // what others change moves nobody
            const isChosen = update.transactions.some((one) => one.isUserEvent("input.splice") || one.isUserEvent("select.chosen")); // whoever did it says what is chosen
            if (isHere && !isChosen && (update.selectionSet || update.docChanged)) moved();
          }),
        ],
      }),
    });
    view.current = made;
    MORE.then(
      (loaded) => {
        if (view.current === made) made.dispatch({ effects: later.reconfigure(loaded.FINDING) });
      },
      () => undefined, // what is typed is kept without, too
    );
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [says, assist]);
  useEffect(() => {
    const shown = view.current;
    if (shown === null || marking === null) return;
    if (ROOM.get(shown.state) !== marking.MARKING) shown.dispatch({ effects: ROOM.reconfigure(marking.MARKING) });
    shown.dispatch(marking.marked(shown.state, marks));
  }, [marks, marking]);
  useImperativeHandle(ref, () => ({
    goTo: ({ from }, isChosen = false) => {
      const shown = view.current;
      if (shown === null) return;
      const at = Math.min(from, shown.state.doc.length);
      shown.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }), userEvent: isChosen ? "select.chosen" : "select" });
    },
    replace: (next) => view.current?.dispatch({ changes: between(view.current.state.doc.toString(), next) }),
    change: (splices) => view.current?.dispatch({ changes: [...splices], userEvent: "input.form" }),
    splice: (splices, at) => {
      const changes = splices.map(({ from, to, insert }) => ({ from, to, insert }));
      const moved = at === undefined ? {} : { selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) };
      view.current?.dispatch({ changes, annotations: isolateHistory.of("full"), userEvent: "input.splice", ...moved });
    },
    text: () => view.current?.state.doc.toString() ?? text,
    cursor: () => view.current?.state.selection.main.head ?? 0,
    undo: () => void (view.current && undo(view.current)),
    redo: () => void (view.current && redo(view.current)),
    focus: () => view.current?.focus(),
  }));
  return <div ref={place} className={css["editor"]} data-text="" />;
}

type Marking = typeof import("./text-marks");

/** What marks, from the first mark on; where it cannot be loaded the next ones try again. */
function useMarking(marks: readonly Mark[]): Marking | null {
  const [marking, setMarking] = useState<Marking | null>(null);
  useEffect(() => {
    if (marks.length === 0 || marking !== null) return;
    let isHere = true;
    import("./text-marks").then(
      (loaded) => isHere && setMarking(loaded),
      () => undefined, // the list of problems says the same
    );
    return () => {
      isHere = false;
    };
  }, [marks, marking]);
  return marking;
}

/** What differs, between what both begin and end with: a cursor outside of it stays where it is. */
function between(before: string, after: string): Splice {
  let from = 0;
  while (from < before.length && before[from] === after[from]) from += 1;
  let [to, end] = [before.length, after.length];
  while (to > from && end > from && before[to - 1] === after[end - 1]) [to, end] = [to - 1, end - 1];
  return { from, to, insert: after.slice(from, end) };
}

/** No colour, which means a state: weight and grey tell keys, texts and comments apart. */
const HIGHLIGHTS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], fontWeight: "620" },
  { tag: [tags.comment, tags.lineComment], color: "var(--ink-2)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--ink-2)" },
]);

const THEME = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--pane)", color: "var(--ink-1)", fontSize: "12px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", fontVariantLigatures: "none" },
  ".cm-gutters": { backgroundColor: "var(--pane)", color: "var(--ink-3)", border: "0" },
  ".cm-room": { width: "1.4em" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--ground)" },
  ".cm-cursor": { borderLeftColor: "var(--ink-1)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "light-dark(#d5dade, #39424b)" },
  ".cm-selectionMatch, .cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--quiet-ground)" },
  ".cm-tooltip": { backgroundColor: "var(--pane)", color: "var(--ink-1)", border: "1px solid var(--line-2)", borderRadius: "6px", maxWidth: "480px" },
  ".cm-panels": { backgroundColor: "var(--pane)", color: "var(--ink-1)" },
  ".cm-diagnostic": { fontFamily: "var(--text)", whiteSpace: "pre-wrap", borderLeftColor: "var(--line-2)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--failed)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--ink-1)", color: "var(--pane)", borderRadius: "4px", font: "inherit", marginLeft: "0", marginTop: "4px", padding: "2px 8px" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px dotted var(--failed)" },
  ".cm-lintRange-warning": { backgroundImage: "none", borderBottom: "2px dotted var(--incident)" },
  ".cm-lint-marker": { width: "10px", height: "10px" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--failed)", borderRadius: "2px" },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: "var(--incident)", borderRadius: "5px" },
});

/** What is typed over a selection is put in here: browsers would put it in with the style of what was there, which the policy forbids. */
const TYPED_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || event.isComposing || empty || !text) return false;
    const insert = () => view.state.update({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, text, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

const EXTENSIONS = [
  TYPED_OVER,
  lineNumbers(),
  foldGutter(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  yaml(),
  syntaxHighlighting(HIGHLIGHTS),
  THEME,
  EditorState.tabSize.of(2),
  keymap.of([...defaultKeymap, ...historyKeymap, ...foldKeymap]), // Tab is not among them: it leads on
];
