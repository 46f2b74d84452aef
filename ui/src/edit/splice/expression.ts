/** Where a text speaks of a node: in expressions, and in the templates of other texts, but not in what they quote. Pure. */

/** A range of a text. */
export type Range = readonly [from: number, to: number];

// As `domain/expressions/tokens.py` reads it.
const STRING = String.raw`(?:[rR][bB]?|[bB][rR])(?:"{3}[\s\S]*?"{3}|'{3}[\s\S]*?'{3}|"[^"\r\n]*"|'[^'\r\n]*')|[bB]?(?:"{3}(?:\\[\s\S]|[^\\])*?"{3}|'{3}(?:\\[\s\S]|[^\\])*?'{3}|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*')`;
const TOKEN = new RegExp(String.raw`(?<blank>[ \t\r\n\f]+|//[^\n]*)|(?<name>(?![rRbB]{1,2}["'])[A-Za-z_][A-Za-z0-9_]*)|(?<string>${STRING})|(?<other>[\s\S])`, "gy");

interface Token {
  readonly kind: "blank" | "name" | "string" | "other";
  readonly text: string;
  readonly from: number;
}

function* tokensOf(text: string, from: number, to: number): Generator<Token> {
  const pattern = new RegExp(TOKEN);
  pattern.lastIndex = from;
  for (let found = pattern.exec(text); found !== null && found.index < to; found = pattern.exec(text)) {
    const kind = (Object.entries(found.groups ?? {}).find(([, part]) => part !== undefined)?.[0] ?? "other") as Token["kind"];
    yield { kind, text: found[0], from: found.index };
  }
}

/** Where an expression names the node: `nodes.ID`, `nodes["ID"]`; the ranges of the id. */
export function inExpression(text: string, id: string, from = 0, to = text.length): Range[] {
  const words = [...tokensOf(text, from, to)].filter(({ kind }) => kind !== "blank");
  const found: Range[] = [];
  for (const [at, word] of words.entries()) {
    if (word.kind !== "name" || word.text !== "nodes" || words[at - 1]?.text === ".") continue;
    const opens = words[at + 1]?.text;
    const isMaybe = words[at + 2]?.text === "?";
    const name = words[at + (isMaybe ? 3 : 2)];
    if (name === undefined) continue;
    if (opens === "." && name.kind === "name" && name.text === id) found.push([name.from, name.from + id.length]);
    else if (opens === "[" && name.kind === "string" && (name.text === `"${id}"` || name.text === `'${id}'`)) found.push([name.from + 1, name.from + 1 + id.length]);
  }
  return found;
}

/** The same in the templates of a text. */
export function inTemplates(text: string, id: string): Range[] {
  const found: Range[] = [];
  let at = text.indexOf("{{");
  while (at !== -1) {
    const end = templateEnd(text, at + 2);
    if (end === -1) break;
    found.push(...inExpression(text, id, at + 2, end));
    at = text.indexOf("{{", end + 2);
  }
  return found;
}

/** Where the `}}` stands that closes a template whose expression begins there, outside of its own brackets and texts; -1 where none does. */
export function templateEnd(text: string, from: number): number {
  let depth = 0;
  for (const { kind, text: word, from: at } of tokensOf(text, from, text.length)) {
    if (kind === "blank" && word.startsWith("//") && word.includes("}}") && depth === 0) return at + word.indexOf("}}");
    if (kind !== "other") continue;
    if ("([{".includes(word)) depth += 1;
    else if (")]}".includes(word)) {
      if (depth === 0) return text.startsWith("}}", at) ? at : -1;
      depth -= 1;
    }
  }
  return -1;
}
