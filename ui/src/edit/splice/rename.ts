/** Gives a node another id: in its edges, and in the expressions that name it; texts that only say the same stay. Pure. */

import { isMapJson, jsonOf, type JsonMap } from "./json";
import { inExpression, inTemplates, type Range } from "./expression";
import { put } from "./put";
import { isMap, isScalar, isSeq, keyText, type Node, type Pair, type Path, read, type Source, startOf, type Value, type YAMLMap } from "./source";
import { CannotSplice, ordered, type Splice } from "./splice";
import { nodeAt, reach } from "./walk";
import type { Json } from "../../api/exact";
import { cannot } from "./words";

/** Which fields of a kind are expressions without braces, by paths such as `cases[].when`. */
export type Expressions = (kind: string) => ReadonlySet<string>;

const ID = /^[a-z][a-z0-9_]{0,62}$/;
const RESERVED: ReadonlySet<string> = new Set(["in", "true", "false", "null"]);
/** Fields of a node in which nothing is an expression. */
const NAMES: ReadonlySet<string> = new Set(["id", "type", "name", "description", "position", "mutex", "join", "losers", "aggregate"]);
/** Kinds whose `nodes` are ids, or paths that begin with one. */
const NAME_NODES: ReadonlySet<string> = new Set(["cancel", "compensate"]);

/** Why a node cannot be called so; null where it can. */
export function whyNoId(id: string, taken: ReadonlySet<string>): string | null {
  if (!ID.test(id)) return cannot("noId", { id });
  if (RESERVED.has(id)) return cannot("reserved", { id });
  return taken.has(id) ? cannot("takenId", { id }) : null;
}

export function renameNode(text: string, body: Path, id: string, to: string, expressions: Expressions): Splice[] {
  if (id === to) return [];
  const source = read(text);
  const map = nodeAt(source, body);
  const ids = idsOf(source, body);
  if (!isMap(map) || !ids.includes(id)) throw new CannotSplice(cannot("noNode", { id }));
  const why = whyNoId(to, new Set(ids));
  if (why !== null) throw new CannotSplice(why);
  const found = new Renaming(source, expressions, id, to);
  found.body(map, body);
  return found.splices();
}

export function idsOf(source: Source, body: Path): string[] {
  const nodes = nodeAt(source, [...body, "nodes"]);
  const said = jsonOf(source, nodes);
  return Array.isArray(said) ? said.map((one) => (isMapJson(one as Json) ? String((one as JsonMap)["id"] ?? "") : "")) : [];
}

class Renaming {
  readonly #found: { readonly path: Path; readonly node: Node; readonly ranges: readonly Range[] }[] = [];

  constructor(
    readonly source: Source,
    readonly expressions: Expressions,
    readonly id: string,
    readonly to: string,
  ) {}

  /** The body of the node itself, whose edges name it. */
  body(map: YAMLMap, path: Path): void {
    this.#each(map, path, (key, value, at) => {
      if (key === "nodes") this.#nodes(value, at, true);
      else if (key === "edges") this.#edges(value, at, true);
      else if (key === "settings" && path.length === 0) this.#settings(value, at);
      else if (key !== "input" || path.length > 0) this.#values(value, at, "", NOTHING);
    });
  }

  splices(): Splice[] {
    return ordered(this.#found.flatMap(({ path, node, ranges }) => this.#replaced(path, node, ranges)));
  }

  #nodes(list: Value, path: Path, isOwn: boolean): void {
    if (!isSeq(list)) return;
    for (const [at, one] of list.items.entries()) if (isMap(one)) this.#node(one, [...path, at], isOwn);
  }

  #node(node: YAMLMap, path: Path, isOwn: boolean): void {
    const kind = String(textAt(node, "type") ?? "");
    if (isOwn && textAt(node, "id") === this.id) this.#note([...path, "id"], node, "id", [[0, this.id.length]]);
    this.#each(node, path, (key, value, at) => {
      if (key === "when") this.#values(value, at, "when", WHEN);
      else if (key === "config") this.#config(kind, value, at);
      else if (key === "compensate" && isMap(value)) this.#node(value, at, false);
      else if (!NAMES.has(key)) this.#values(value, at, "", NOTHING);
    });
  }

  #config(kind: string, value: Value, path: Path): void {
    if (!isMap(value)) return;
    const fields = this.expressions(kind);
    this.#each(value, path, (key, one, at) => {
      if (key === "body" || key === "finally") this.#inner(one, at, key, fields);
      else if (key === "branches" && isMap(one)) this.#each(one, at, (name, branch, where) => this.#inner(branch, where, `branches.${name}`, fields));
      else if (key === "catch" && isSeq(one)) for (const [index, caught] of one.items.entries()) this.#inner(isMap(caught) ? valueOf(caught, "body") : null, [...at, index, "body"], "catch[].body", fields);
      else if (key === "nodes" && NAME_NODES.has(kind)) this.#named(one, at);
      else this.#values(one, at, key, fields);
    });
  }

  /** A body in a container sees the nodes around it, unless one of its own has the same id. */
  #inner(value: Value, path: Path, says: string, fields: ReadonlySet<string>): void {
    if (!isMap(value) || !isSeq(valueOf(value, "nodes"))) {
      this.#values(value, path, says, fields);
      return;
    }
    const own = idsOf(this.source, path);
    if (own.includes(this.id)) return;
    this.#each(value, path, (key, one, at) => {
      if (key === "nodes") this.#nodes(one, at, false);
      else if (key === "edges") this.#edges(one, at, false);
      else this.#values(one, at, "", NOTHING);
    });
    const names = this.#found.some(({ path: at }) => path.every((step, index) => at[index] === step));
    if (names && own.includes(this.to)) throw new CannotSplice(cannot("named", { id: this.id, to: this.to }));
  }

  #edges(list: Value, path: Path, isOwn: boolean): void {
    if (!isSeq(list)) return;
    for (const [at, edge] of list.items.entries()) {
      if (!isMap(edge)) continue;
      const from = textAt(edge, "from");
      if (isOwn && typeof from === "string" && (from === this.id || from.startsWith(`${this.id}.`))) this.#note([...path, at, "from"], edge, "from", [[0, this.id.length]]);
      if (isOwn && textAt(edge, "to") === this.id) this.#note([...path, at, "to"], edge, "to", [[0, this.id.length]]);
      this.#values(valueOf(edge, "when"), [...path, at, "when"], "when", WHEN);
    }
  }

  #settings(value: Value, path: Path): void {
    if (!isMap(value)) return;
    this.#each(value, path, (key, one, at) => {
      if (key === "on_error") this.#inner(one, at, "", NOTHING);
      else if (key === "search" && isMap(one)) this.#each(one, at, (name, search, where) => this.#values(search, where, name, new Set([name])));
    });
  }

  /** Ids of nodes, or paths that begin with one. */
  #named(value: Value, path: Path): void {
    if (!isSeq(value)) return;
    for (const [at, one] of value.items.entries()) {
      if (!isScalar(one) || typeof one.value !== "string") continue;
      if (one.value === this.id || new RegExp(`^${this.id}[./[#]`).test(one.value)) this.#found.push({ path: [...path, at], node: one, ranges: [[0, this.id.length]] });
    }
  }

  /** `says` is the path in the config, as the fields of a kind have it. */
  #values(value: Value, path: Path, says: string, fields: ReadonlySet<string>): void {
    if (isSeq(value)) for (const [at, one] of value.items.entries()) this.#values(one as Value, [...path, at], `${says}[]`, fields);
    else if (isMap(value)) this.#each(value, path, (key, one, at) => this.#values(one, at, says === "" ? key : `${says}.${key}`, fields));
    else if (isScalar(value) && typeof value.value === "string") {
      const ranges = fields.has(says) ? inExpression(value.value, this.id) : inTemplates(value.value, this.id);
      if (ranges.length > 0) this.#found.push({ path, node: value, ranges });
    }
  }

  #each(map: YAMLMap, path: Path, look: (key: string, value: Value, at: Path) => void): void {
    for (const { key, value } of map.items as Pair<Node, Value>[]) look(keyText(key), value, [...path, keyText(key)]);
  }

  #note(path: Path, map: YAMLMap, key: string, ranges: readonly Range[]): void {
    const node = valueOf(map, key);
    if (isScalar(node)) this.#found.push({ path, node, ranges });
  }

  /** The same places in the text as it is written; where its escapes hide them, the whole text is written anew. */
  #replaced(path: Path, node: Node, ranges: readonly Range[]): Splice[] {
    const value = (node as { value?: unknown }).value as string;
    const word = new RegExp(`(?<![A-Za-z0-9_])${this.id}(?![A-Za-z0-9_])`, "g");
    const from = startOf(node);
    const raw = this.source.text.slice(from, node.range?.[1] ?? from);
    const said = [...value.matchAll(word)].map(({ index }) => index);
    const written = [...raw.matchAll(word)].map(({ index }) => index);
    if (said.length === written.length) {
      return ranges.map(([at]) => {
        const place = from + (written[said.indexOf(at)] as number);
        return { from: place, to: place + this.id.length, insert: this.to };
      });
    }
    const { holder } = reach(this.source, path);
    let next = value;
    for (const [begin, end] of [...ranges].reverse()) next = next.slice(0, begin) + this.to + next.slice(end);
    return holder === null ? [] : put(this.source, holder, next);
  }
}

const NOTHING: ReadonlySet<string> = new Set();
const WHEN: ReadonlySet<string> = new Set(["when"]);

function valueOf(map: YAMLMap, key: string): Value {
  return (map.items as Pair<Node, Value>[]).find((pair) => keyText(pair.key) === key)?.value ?? null;
}

function textAt(map: YAMLMap, key: string): unknown {
  const value = valueOf(map, key);
  return isScalar(value) ? value.value : undefined;
}
