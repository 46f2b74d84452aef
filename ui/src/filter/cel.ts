/** Expressions as text: how a text stands in one, and how one is taken apart at its `&&`. */

/** So long may an expression be (`docs/reference/filters.md`). */
export const CHARS_MAX = 4_000;

/** A text as an expression writes it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029\u007f-\u009f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The text that stands in quotes there; null where it is none that is plain. */
export function unquoted(source: string): string | null {
  const inside = /^'((?:[^'\\\n]|\\.)*)'$/.exec(source)?.[1] ?? /^"((?:[^"\\\n]|\\.)*)"$/.exec(source)?.[1];
  if (inside === undefined) return null;
  try {
    return JSON.parse(`"${inside.replaceAll("\\'", "'").replace(/(?<!\\)"/g, '\\"')}"`) as string;
  } catch {
    return null; // an escape that JSON does not have
  }
}

const QUOTES = /^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/s;

/** The parts of an expression that all have to be true; the whole of it where it is joined otherwise, or cannot be read. */
export function conjuncts(source: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const text = QUOTES.exec(rest)?.[0];
    if (text !== undefined) {
      at += text.length;
      continue;
    }
    const sign = source.charAt(at);
    if (sign === "'" || sign === '"') return whole(source); // it is not closed
    if ("([{".includes(sign)) depth += 1;
    if (")]}".includes(sign)) depth -= 1;
    if (depth < 0) return whole(source);
    if (depth === 0 && (rest.startsWith("||") || rest.startsWith("? "))) return whole(source);
    if (depth === 0 && rest.startsWith("&&")) {
      parts.push(source.slice(begin, at).trim());
      begin = at + 2;
      at += 2;
    } else at += 1;
  }
  if (depth !== 0) return whole(source);
  const all = [...parts, source.slice(begin).trim()];
  return all.some((part) => part === "") ? whole(source) : all;
}

function whole(source: string): readonly string[] {
  return source.trim() === "" ? [] : [source.trim()];
}

/** One expression of several, all of which have to be true. */
export function joined(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0] ?? "";
  return parts.map((part) => (conjuncts(part).length === 1 && !/\|\||\?\s/.test(part) ? part : `(${part})`)).join(" && ");
}
