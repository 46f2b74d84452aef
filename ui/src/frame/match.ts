/** Which commands a few letters mean: in their order, the beginnings of words first. */

/** How well letters fit a text; 0 for not at all. */
export function fit(text: string, query: string): number {
  const inside = text.toLocaleLowerCase();
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === "") return 1;
  const at = inside.indexOf(wanted);
  if (at === 0) return 4;
  if (at > 0) return /\W/.test(inside[at - 1] ?? "") ? 3 : 2;
  let from = 0;
  for (const letter of wanted) {
    from = inside.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return 1;
}

/** Those that fit, the best first; those that fit as well keep their order. */
export function matching<Item extends { readonly says: string }>(items: readonly Item[], query: string): readonly Item[] {
  return items
    .map((item) => ({ item, fits: fit(item.says, query) }))
    .filter(({ fits }) => fits > 0)
    .sort((a, b) => b.fits - a.fits)
    .map(({ item }) => item);
}
