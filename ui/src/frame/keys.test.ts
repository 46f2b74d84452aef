import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keysOf, type Part } from "./told";

/** Where keys are handled: by which part the list of keys tells of them; `own` for fields and dialogs, whose keys are those of any. */
const HANDLED: Readonly<Record<string, readonly Part[] | "own">> = {
  "graph/walk.ts": ["graph"],
  "graph/tree.tsx": ["tree"],
  "graph/tree-rows.ts": ["tree"],
  "pages/builder/use-hand.tsx": ["graph", "editing"],
  "pages/execution/reel.tsx": ["reel"],
  "parts/table.tsx": ["table"],
  "parts/split.tsx": ["border"],
  "edit/forms/edge-form.tsx": "own",
  "edit/forms/form-field.tsx": "own",
  "edit/forms/node-form.tsx": "own",
  "filter/filter-field.tsx": "own",
  "frame/palette.tsx": "own",
  "pages/analytics/typed.tsx": "own",
  "pages/builder/library.tsx": "own",
  "pages/builder/picker.tsx": "own",
  "parts/menu.tsx": "own",
  "parts/one-stop.ts": "own",
  "parts/tabs.tsx": "own",
  "parts/value.tsx": "own",
};

const ROOT = join(import.meta.dirname, "..");
const KEY = /(?<=["'{ ])(?:Arrow(?:Up|Down|Left|Right)|PageUp|PageDown|Home|End|Enter|Escape)(?=["':,])/g;

test("the list of keys tells of each key that a part of a page handles", () => {
  const found = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path) && !/\.test\.ts|words\.ts|frame\/told\.ts|kbd\.tsx/.test(path));
  const handled = new Map(found.flatMap((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const keys = text.match(KEY)?.map((key) => key.toLowerCase());
    return /event\.key|\bkey ===|\bkey: string/.test(text) && keys !== undefined ? [[path.replaceAll("\\", "/"), new Set(keys)] as const] : [];
  })); // prettier-ignore
  expect([...handled.keys()].sort()).toEqual(Object.keys(HANDLED).sort());
  for (const [path, keys] of handled) {
    const parts = HANDLED[path];
    if (parts === undefined || parts === "own") continue;
    const told = new Set(parts.flatMap((part) => keysOf(part)).map((one) => one.split("+").at(-1)));
    expect([...keys].filter((key) => !told.has(key)), path).toEqual([]);
  }
});
