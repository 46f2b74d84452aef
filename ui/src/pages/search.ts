/** Search parameters of the address: plain text, as people write them; what is wrong in them counts as not said. */

export type Search = Readonly<Record<string, string | readonly string[]>>;

/** `?status=failed&status=incident&at=94`: a name that comes more than once is a list. */
export function readSearch(text: string): Record<string, string | string[]> {
  const read: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = read[name];
    read[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return read;
}

export function writeSearch(search: Record<string, unknown>): string {
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one !== undefined && one !== null && one !== "" && one !== false) written.append(name, String(one));
    }
  }
  const text = written.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}

export function textIn(search: Search | Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Those of the allowed values that stand there. */
export function someIn<Choice extends string>(search: Record<string, unknown>, name: string, choices: readonly Choice[]): Choice[] | undefined {
  const value = search[name];
  const given = new Set<unknown>(Array.isArray(value) ? value : [value]);
  const some = choices.filter((choice) => given.has(choice));
  return some.length === 0 ? undefined : some;
}

/** The one of the allowed values that stands there. */
export function oneIn<Choice extends string>(search: Record<string, unknown>, name: string, choices: readonly Choice[]): Choice | undefined {
  return someIn(search, name, choices)?.[0];
}

/** All texts of this name. */
export function textsIn(search: Record<string, unknown>, name: string): string[] | undefined {
  const value = search[name];
  const texts = (Array.isArray(value) ? (value as unknown[]) : [value]).filter((one): one is string => typeof one === "string" && one !== "");
  return texts.length === 0 ? undefined : texts;
}

export function wholeIn(search: Record<string, unknown>, name: string): number | undefined {
  const value = search[name];
  return (typeof value === "string" && /^\d{1,15}$/.test(value)) || typeof value === "number" ? Number(value) : undefined;
}
