/**
 * The words of the UI. Each page and room has a catalogue of its own, a `words.ts`:
 *
 *     const say = speak("executions", { found: "{n, number} found", one: "…" });
 *     say("found", { n: 1200 })                         // 1,200 found
 *
 * A translation is a record by `room.key` that is set before anything is drawn; what it lacks is said in English.
 * `?words=pseudo` in the address shows every word in odd letters, so that a text that is in no catalogue stands out.
 */

export type Values = Readonly<Record<string, string | number>>;
export type Say<Words extends Readonly<Record<string, string>>> = (key: keyof Words & string, values?: Values) => string;

let translation: Readonly<Record<string, string>> = {};
const isPseudo = typeof location !== "undefined" && new URLSearchParams(location.search).get("words") === "pseudo";

export function translate(words: Readonly<Record<string, string>>): void {
  translation = words;
}

export function speak<const Words extends Readonly<Record<string, string>>>(room: string, words: Words): Say<Words> {
  return (key, values = {}) => {
    const text = translation[`${room}.${key}`] ?? words[key] ?? `${room}.${key}`;
    return filled(isPseudo ? pseudo(text) : text, values);
  };
}

const HOLE = /\{(\w+)(?:, (number|plural):?([^}]*))?\}/g;

/** `{name}`, `{n, number}` and `{n, plural: one row|# rows}`, whose `#` is the number. */
export function filled(text: string, values: Values, locale?: string): string {
  return text.replace(HOLE, (_, name: string, kind: string | undefined, forms: string | undefined) => {
    const value = values[name] ?? `{${name}}`;
    if (kind === undefined) return String(value);
    const number = numbers(locale).format(Number(value));
    if (kind === "number") return number;
    const [one = "", many = one] = (forms ?? "").trim().split("|");
    return (new Intl.PluralRules(locale).select(Number(value)) === "one" ? one : many).replace("#", number);
  });
}

const formats = new Map<string | undefined, Intl.NumberFormat>();

/** To make one costs more than to use it a hundred times. */
function numbers(locale: string | undefined): Intl.NumberFormat {
  const found = formats.get(locale) ?? new Intl.NumberFormat(locale);
  formats.set(locale, found);
  return found;
}

const ODD: Readonly<Record<string, string>> = { a: "á", e: "é", i: "í", o: "ó", u: "ú", A: "Á", E: "É", I: "Í", O: "Ó", U: "Ú", n: "ñ", c: "ç", y: "ý" };

/** The same in odd letters and a third longer, its holes untouched. */
export function pseudo(text: string): string {
  const odd = text.replace(/\{[^}]*\}|[a-zA-Z]/g, (one) => ODD[one] ?? one);
  return `⟦${odd}${"·".repeat(Math.ceil(text.length / 3))}⟧`;
}
