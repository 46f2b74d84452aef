/** What an editor of a definition's text can do beside being typed in: things are found in it. */

import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import { keymap } from "@codemirror/view";

export const FINDING: Extension = [highlightSelectionMatches(), search({ top: true }), keymap.of(searchKeymap)];

// The form comes with the first node that is chosen; by then the server may be away.
void import("./forms/node-form").catch(() => undefined);
