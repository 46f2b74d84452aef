/** What an editor does once somebody types in it: it completes, and closes brackets. `typing-later` loads it. */

import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { type Assist, expressionAssist, type Names, textAssist } from "./assist";

export { startCompletion } from "@codemirror/autocomplete";

/** For the text of a definition. */
export function forText(assist: Assist | undefined): Extension {
  return [closeBrackets(), assist === undefined ? [] : textAssist(assist), keymap.of([...closeBracketsKeymap, ...completionKeymap])];
}

/** For an expression by itself, or a text with templates. */
export function forExpression(names: Names, isTemplate: boolean): Extension {
  return [closeBrackets(), expressionAssist(names, isTemplate), keymap.of([...closeBracketsKeymap, ...completionKeymap])];
}
