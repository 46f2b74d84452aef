/** What a problem says to write instead, where that is a word for a word. Pure. */

import type { Placed } from "../place";
import type { Splice } from "../splice/splice";

export interface Fix {
  /** What is to stand in place of `wrong`. */
  readonly word: string;
  readonly wrong: string;
  readonly splice: Splice;
}

const MEANT = /did you mean `([^`]+)`/;

/** The wrong word stands in the message, and at the place of the problem in the text; where it stands there more than once, nothing is said. */
export function fixOf(text: string, { problem, from, to }: Placed): Fix | null {
  const word = MEANT.exec(problem.fix)?.[1];
  if (word === undefined) return null;
  const wrong = [...problem.message.matchAll(/`([^`\n]+)`|"([^"\n]+)"/g)].map((one) => one[1] ?? one[2] ?? "");
  const line = text.slice(from, to);
  for (const one of wrong) {
    const places = [...line.matchAll(new RegExp(String.raw`(?<![\w.])${one.replace(/[^\w]/g, String.raw`\$&`)}(?!\w)`, "g"))];
    const [only] = places;
    if (one !== word && only !== undefined && (places.length === 1 || only.index === 0)) return { word, wrong: one, splice: { from: from + only.index, to: from + only.index + one.length, insert: word } };
  }
  return null;
}
