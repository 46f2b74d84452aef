/** Where drafts are kept: at the server, and in this browser for as long as that does not have them. */

import { api, ask, type Schemas } from "../../api/client";
import { type Json, write } from "../../api/exact";
import { Problem } from "../../api/problem";
import type { Kept, Store } from "../../edit/saver";
import type { Syntax } from "../../edit/use-validity";
import { type FoundHere, foundHere, keepAt, ownKey } from "./here";

export interface Begun extends Kept {
  readonly syntax: Syntax;
  /** The version that it began as. */
  readonly base: number | null;
  /** What was typed in this browser and is not at the server, of each page that it was typed in. */
  readonly here: readonly FoundHere[];
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
  const here = foundHere(draft);
  const kept = await keptThere(draft);
  if (kept !== null) return { ...shown(kept), syntax: kept.syntax, base: kept.base_version, here };
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

/** Of one page, whose own place in this browser it writes: two pages of one draft keep what is typed in each. */
export function storeOf(draft: string, workflow: string | null, syntax: Syntax, base: number | null): Store {
  const own = ownKey(draft);
  let version = base;
  return {
    write: async (text, revision) => {
      try {
        const header = revision === 0 ? {} : { "If-Match": `"${revision}"` };
        const params = { path: { name: draft }, header, query: revision === 0 ? { revision: 0 } : {} };
        const kept = await ask(api.PUT("/v1/drafts/{name}", { params, body: { text, syntax, workflow, base_version: version } }));
        return kept.revision;
      } catch (error) {
        if (!(error instanceof Problem) || error.reason !== "overtaken") return { away: (error as Error).message };
        return overtaken(draft, workflow, (now) => {
          version = now;
        });
      }
    },
    keepHere: (kept) => keepAt(own, kept),
    later: (ms, then) => {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** What is there instead: another text, or none, as it was published or discarded; then what is active by now. */
async function overtaken(draft: string, workflow: string | null, onVersion: (version: number) => void): Promise<{ overtaken: Kept } | { away: string }> {
  try {
    const kept = await keptThere(draft);
    if (kept !== null) return { overtaken: shown(kept) };
    const active = workflow === null ? null : await missing(ask(api.GET("/v1/workflows/{name}", { params: { path: { name: workflow } } })));
    if (active === null) return { overtaken: { text: "", revision: 0 } };
    const text = await textOf(active);
    onVersion(active.version);
    return { overtaken: { text, revision: 0, by: active.published_by ?? undefined, at: active.published_at ?? undefined } };
  } catch (error) {
    return { away: (error as Error).message };
  }
}

function shown({ text, revision, written_by, written_at }: Schemas["Draft"]): Kept {
  return { text, revision, by: written_by, at: written_at };
}

/** Takes it away at the server, as it was seen. */
export async function forget(draft: string, revision: number): Promise<void> {
  if (revision > 0) await missing(ask(api.DELETE("/v1/drafts/{name}", { params: { path: { name: draft }, query: { revision } } })));
}

async function missing<Data>(asked: Promise<Data>): Promise<Data | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
