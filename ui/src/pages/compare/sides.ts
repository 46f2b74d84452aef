/** A side as the address has it: pure. */

export interface Named {
  readonly id: string;
  /** After which event; without it as it is now. */
  readonly at: number | undefined;
}

export function namedIn(text: string): Named {
  const found = /^(.+)@(\d{1,9})$/s.exec(text);
  return found === null ? { id: text, at: undefined } : { id: found[1] ?? "", at: Number(found[2]) };
}

export function namedOut({ id, at }: Named): string | undefined {
  return id === "" ? undefined : at === undefined ? id : `${id}@${at}`;
}
