/** A small editor for an expression or a text with templates: as a field, with completion, and with what it would give below. */

import { defaultKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { type JSX, useEffect, useEffectEvent, useId, useRef } from "react";
import type { Names } from "../complete/assist";
import { typingLater } from "../complete/typing-later";
import css from "./forms.module.css";

interface CodeFieldProps {
  readonly label: string;
  readonly text: string;
  /** Whether it is what stands in here, and not in the text yet. */
  readonly isTyped: boolean;
  readonly isLabelHidden: boolean;
  readonly isTemplate: boolean;
  readonly isLong: boolean;
  readonly names: Names;
  readonly problem: string | undefined;
  readonly hint: string;
  readonly onType: (text: string) => void;
  readonly onLeave: () => void;
}

export function CodeField({ label, text, isTyped, isLabelHidden, isTemplate, isLong, names, problem, hint, onType, onLeave }: CodeFieldProps): JSX.Element {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const typed = useEffectEvent((next: string) => onType(next));
  const left = useEffectEvent(() => onLeave());
  const first = useRef(text);
  /** What was typed and is not heard of yet. */
  const ahead = useRef<string | null>(null);
  useEffect(() => {
    const host = place.current;
    if (host === null) return;
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          bracketMatching(),
          typingLater((typing) => typing.forExpression(names, isTemplate)),
          keymap.of(defaultKeymap), // Tab leads on, and what is undone is undone in the definition's text
          EditorView.lineWrapping,
          isLong ? [] : EditorState.transactionFilter.of((one) => (one.docChanged && one.newDoc.lines > 1 ? [] : one)),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": String(isLong), tabindex: "0", translate: "no", spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((one) => one.isUserEvent("set"))) {
              ahead.current = update.state.doc.toString();
              typed(ahead.current);
            }
            if (update.focusChanged && !update.view.hasFocus) left();
          }),
          THEME,
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [label, names, isTemplate, isLong]);
  useEffect(() => {
    first.current = text;
    if (ahead.current === text) ahead.current = null;
    const shown = view.current;
    if (shown === null || isTyped || ahead.current !== null) return; // whoever types is not disturbed
    if (shown.state.doc.toString() !== text) shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: text }, userEvent: "set" });
  }, [text, isTyped]);
  return (
    <div className={css["field"]}>
      {!isLabelHidden && (
        <span className={css["label"]} aria-hidden>
          {label}
          <span className={css["sort"]}>{isTemplate ? "{{ }}" : "ƒ"}</span>
        </span>
      )}
      <div ref={place} className={css["code"]} data-long={isLong} data-wrong={problem !== undefined} title={hint} />
      {problem !== undefined && (
        <p id={id} className={css["problem"]}>
          {problem}
        </p>
      )}
    </div>
  );
}

const THEME = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--ink-1)", fontSize: "12px", maxHeight: "220px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-1px", borderRadius: "6px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", fontVariantLigatures: "none", overflow: "auto" },
  ".cm-content": { padding: "4px 0" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--ink-1)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--quiet-ground)" },
  ".cm-tooltip": { backgroundColor: "var(--pane)", color: "var(--ink-1)", border: "1px solid var(--line-2)", borderRadius: "6px" },
});
