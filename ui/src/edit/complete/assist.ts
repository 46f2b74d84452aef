/** Completion and what a field is, in an editor: CodeMirror's side of `options.ts` and `expression.ts`. */

import { acceptCompletion, autocompletion, type Completion, type CompletionContext, type CompletionResult, type CompletionSource, completionStatus, startCompletion } from "@codemirror/autocomplete";
import { type Extension, Prec } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { type Function_, type Option, type Options, optionsIn, templateAt } from "./expression";
import type { Around, Catalog } from "./around";
import { optionsAt, saysAt } from "./options";
import type { Shape } from "./shape";
import { say } from "./words";

/** What is known just now: changed while the editor stands; null until the server has told. */
export interface Assist {
  current: { readonly catalog: Catalog; readonly around: Around } | null;
}

/** For the text of a definition. */
export function textAssist(assist: Assist): Extension {
  const source: CompletionSource = (context) => {
    const { current } = assist;
    return current === null ? null : resultOf(context, optionsAt(context.state.doc.toString(), context.pos, current.catalog, current.around));
  };
  const hover = hoverTooltip((view, at) => {
    const { current } = assist;
    const word = view.state.wordAt(at);
    const found = current === null || word === null ? null : saysAt(view.state.doc.toString(), word.from, current.catalog, current.around);
    if (found === null || word === null) return null;
    return { pos: word.from, end: word.to, create: () => ({ dom: described(found.name, [found.takes, found.isRequired ? say("required") : ""], found.says) }) };
  });
  return [completing(source), hover];
}

export interface Names {
  current: { readonly roots: ReadonlyMap<string, Shape>; readonly functions: readonly Function_[] } | null;
}

/** For an expression by itself, or a text with templates. */
export function expressionAssist(names: Names, isTemplate: boolean): Extension {
  return completing((context) => {
    const { current } = names;
    const text = context.state.sliceDoc(0, context.pos);
    const begin = isTemplate ? templateAt(text) : 0;
    if (current === null || begin === null) return null;
    const found = optionsIn(text.slice(begin), current.roots, current.functions);
    return resultOf(context, found === null ? null : { ...found, from: begin + found.from });
  });
}

function completing(source: CompletionSource): Extension {
  return [autocompletion({ override: [source], icons: false, maxRenderedOptions: 60, interactionDelay: 0 }), Prec.highest(keymap.of([{ key: "Tab", run: (view) => completionStatus(view.state) === "active" && acceptCompletion(view) }])), THEME];
}

/** Unasked it shows itself once something is typed, or behind a dot. */
function resultOf(context: CompletionContext, found: Options | null): CompletionResult | null {
  if (found === null || found.options.length === 0) return null;
  const typed = context.state.sliceDoc(found.from, context.pos);
  const before = context.state.sliceDoc(Math.max(0, found.from - 1), found.from);
  if (!context.explicit && typed === "" && before !== ".") return null;
  return { from: found.from, options: found.options.map((one, at) => completionOf(one, at)), validFor: /^[\w.-]*$/ };
}

function completionOf(option: Option, at: number): Completion {
  const { label, detail, says, insert, kind } = option;
  const order = Math.max(-99, -at);
  return {
    label,
    type: kind,
    boost: order,
    ...(detail !== "" && { detail: ` ${detail}` }), // apart from the label, for whoever hears it
    ...(says !== "" && { info: says }),
    ...(insert !== undefined && { apply: (view: EditorView, _: Completion, from: number, to: number) => put(view, insert, from, to) }),
  };
}

/** What a completion stands for; the cursor comes to stand between its brackets, and what is there already is not put in again. */
function put(view: EditorView, insert: string, from: number, to: number): void {
  const behind = view.state.sliceDoc(to, to + 2);
  const text = insert.endsWith(": ") && behind.startsWith(":") ? insert.slice(0, -2) : insert.endsWith("()") && behind.startsWith("(") ? insert.slice(0, -2) : insert;
  const anchor = from + text.length - (text.endsWith("()") ? 1 : 0);
  view.dispatch({ changes: { from, to, insert: text }, selection: { anchor }, userEvent: "input.complete" });
  if (insert.endsWith(": ")) startCompletion(view);
}

function described(name: string, takes: readonly string[], says: string): HTMLElement {
  const dom = document.createElement("div");
  dom.className = "cm-described";
  const head = dom.appendChild(document.createElement("p"));
  head.appendChild(document.createElement("b")).textContent = name;
  head.append(` ${takes.filter((one) => one !== "").join(" · ")}`);
  if (says !== "") dom.appendChild(document.createElement("p")).textContent = says;
  return dom;
}

const THEME = EditorView.theme({
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "240px", maxWidth: "min(480px, 92vw)" },
  ".cm-tooltip-autocomplete ul li": { padding: "2px 8px", lineHeight: "20px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--quiet-ground)", color: "var(--ink-1)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "650" },
  ".cm-completionDetail": { color: "var(--ink-2)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-completionInfo": { backgroundColor: "var(--pane)", color: "var(--ink-1)", border: "1px solid var(--line-2)", borderRadius: "6px", fontFamily: "var(--text)", padding: "6px 10px", maxWidth: "280px" },
  ".cm-described": { fontFamily: "var(--text)", padding: "6px 10px", maxWidth: "360px" },
  ".cm-described p": { margin: "0" },
});
