/** Sums as people read them: of a call of a model there may be hundreds to a cent. */

const WHOLE = { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" } as const;

export function money(usd: number, locale?: string): string {
  const isSmall = usd !== 0 && Math.abs(usd) < 0.1;
  return new Intl.NumberFormat(locale, isSmall ? { ...WHOLE, minimumSignificantDigits: 2, maximumSignificantDigits: 2 } : WHOLE).format(usd);
}

export function count(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

/** Beside an axis, where there is little room: 1.2M. */
export function short(value: number, locale?: string): string {
  return Number.isInteger(value) ? new Intl.NumberFormat(locale, { notation: "compact" }).format(value) : "";
}

/** How much of a whole a part is; null where there is no whole. */
export function share(part: number, whole: number, locale?: string): string | null {
  return whole === 0 ? null : new Intl.NumberFormat(locale, { style: "percent" }).format(part / whole);
}
