/** Times as a clock on the wall of a zone shows them, and the moments that they are. */

/** `2026-11-30T03:00` of a moment, in a zone; without one, that of this browser. */
export function wallOf(ms: number, zone: string | undefined): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(ms);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

/** The moment at which the clock shows that; of two (the hour that comes twice) the first, of none (the hour that is left out) the one as long after. */
export function momentOf(wall: string, zone: string | undefined): number | null {
  const asUtc = Date.parse(`${wall.slice(0, 16)}Z`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(wall) || Number.isNaN(asUtc)) return null;
  const ahead = (ms: number) => Date.parse(`${wallOf(ms, zone)}Z`) - ms;
  const DAY = 86_400_000;
  const fits = [ahead(asUtc - DAY), ahead(asUtc + DAY)].map((offset) => asUtc - offset);
  return fits.filter((ms) => wallOf(ms, zone) === wallOf(asUtc, "UTC")).sort((a, b) => a - b)[0] ?? asUtc - ahead(asUtc - DAY);
}
