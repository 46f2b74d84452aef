/** Where drafts are kept: at the server, and in this browser for as long as that does not have them. */

import { api, ask, type Schemas } from "../../api/client";
import { type Json, write } from "../../api/exact";
import { Problem } from "../../api/problem";
import type { Kept, Store } from "../../edit/saver";
import type { Syntax } from "../../edit/use-validity";

export interface Begun extends Kept {
  readonly syntax: Syntax;
  /** The version that it began as. */
  readonly base: number | null;
  /** What was typed here and is not at the server. */
  readonly here: Kept | null;
}

const FIRST = `# What it does, in a sentence
name: my_workflow
nodes:
  - {id: start, type: start}
  - {id: done, type: end}
edges:
  - {from: start, to: done}
`;

/** The draft as it was left, else the active version's text, else one to begin with. */
export async function begin(draft: string, workflow: string | null): Promise<Begun> {
  const here = keptHere(draft);
  const kept = await keptThere(draft);
  if (kept !== null) return { text: kept.text, revision: kept.revision, syntax: kept.syntax, base: kept.base_version, here };
  if (workflow === null) return { text: FIRST, revision: 0, syntax: "yaml", base: null, here };
  const active = await ask(api.GET("/v1/workflows/{name}", { params: { path: { name: workflow } } }));
  return { text: await textOf(active), revision: 0, syntax: active.source ?? "json", base: active.version, here };
}

/** The text of a version as it was published; of one whose text was not kept, its definition as JSON, numbers as they were. */
export async function textOf({ name, version, source, definition }: Schemas["Workflow"]): Promise<string> {
  if (source === null) return `${write(definition as Json, 2)}\n`;
  return ask(api.GET("/v1/workflows/{name}/source", { params: { path: { name }, query: { version } }, parseAs: "text" }));
}

/** The draft at the server, null where there is none: looked up in the list, as a draft that is not there is no error. */
async function keptThere(draft: string): Promise<Schemas["Draft"] | null> {
  const { drafts } = await ask(api.GET("/v1/drafts"));
  return drafts.some(({ name }) => name === draft) ? missing(ask(api.GET("/v1/drafts/{name}", { params: { path: { name: draft } } }))) : null;
}

export function storeOf(draft: string, workflow: string | null, syntax: Syntax, base: number | null): Store {
  return {
    write: async (text, revision) => {
      try {
        const header = revision === 0 ? {} : { "If-Match": `"${revision}"` };
        const params = { path: { name: draft }, header, query: revision === 0 ? { revision: 0 } : {} };
        const kept = await ask(api.PUT("/v1/drafts/{name}", { params, body: { text, syntax, workflow, base_version: base } }));
        return kept.revision;
      } catch (error) {
        if (error instanceof Problem && error.reason === "overtaken") return overtaken(draft);
        return { away: (error as Error).message };
      }
    },
    keepHere: (kept) => keepHere(draft, kept !== null && kept.isDirty ? kept : null),
    later: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** What is there instead; where it was deleted meanwhile, nothing. */
async function overtaken(draft: string): Promise<{ overtaken: Kept } | { away: string }> {
  try {
    const kept = await keptThere(draft);
    return { overtaken: kept ?? { text: "", revision: 0 } };
  } catch (error) {
    return { away: (error as Error).message };
  }
}

export async function forget(draft: string, revision: number): Promise<void> {
  keepHere(draft, null);
  if (revision > 0) await missing(ask(api.DELETE("/v1/drafts/{name}", { params: { path: { name: draft }, query: { revision } } })));
}

function keptHere(draft: string): Kept | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(draft)) ?? "null");
    return typeof kept === "object" && kept !== null && "text" in kept && typeof kept.text === "string" && "revision" in kept ? { text: kept.text, revision: Number(kept.revision) } : null;
  } catch {
    return null;
  }
}

function keepHere(draft: string, kept: Kept | null): void {
  try {
    if (kept === null) localStorage.removeItem(keyOf(draft));
    else localStorage.setItem(keyOf(draft), JSON.stringify({ text: kept.text, revision: kept.revision }));
  } catch {
    // full or forbidden: the server keeps it
  }
}

function keyOf(draft: string): string {
  return `refold.draft.${draft}`;
}

async function missing<Data>(asked: Promise<Data>): Promise<Data | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
