/** Which lines two texts have in common, in order: the shortest way from one to the other (Myers, "An O(ND) Difference Algorithm", 1986). Pure. */

/** Beyond so many lines that came or went, between what both begin and end with, nothing there counts as common. */
export const CHANGED_MAX = 2_000;

/** A line of each, by its number from 0. */
export type Pair = readonly [number, number];

export function pairsOf(old: readonly string[], now: readonly string[]): Pair[] {
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const pairs: Pair[] = [];
  for (let at = 0; at < head; at += 1) pairs.push([at, at]);
  for (const [i, j] of between(old.slice(head, old.length - tail), now.slice(head, now.length - tail))) pairs.push([i + head, j + head]);
  for (let at = tail; at > 0; at -= 1) pairs.push([old.length - at, now.length - at]);
  return pairs;
}

function between(old: readonly string[], now: readonly string[]): Pair[] {
  const ways: Int32Array[] = [];
  const most = Math.min(old.length + now.length, CHANGED_MAX);
  let reached = new Int32Array(3);
  for (let steps = 0; steps <= most; steps += 1) {
    ways.push(reached);
    const next = new Int32Array(2 * steps + 5); // of diagonals from -steps - 2 to steps + 2
    for (let k = -steps; k <= steps; k += 2) {
      const below = reached[k + steps + 2] as number; // of diagonal k + 1, a step before
      const before = reached[k + steps] as number;
      let i = steps === 0 ? 0 : k === -steps || (k !== steps && before < below) ? below : before + 1;
      while (i < old.length && i - k < now.length && old[i] === now[i - k]) i += 1;
      next[k + steps + 2] = i;
      if (i >= old.length && i - k >= now.length) return wayBack(ways, old.length, now.length);
    }
    reached = next;
  }
  return [];
}

/** From the end to the beginning: what lies on a diagonal is common. */
function wayBack(ways: readonly Int32Array[], oldLength: number, nowLength: number): Pair[] {
  const pairs: Pair[] = [];
  let i = oldLength;
  let j = nowLength;
  for (let steps = ways.length - 1; steps > 0; steps -= 1) {
    const reached = ways[steps] as Int32Array;
    const k = i - j;
    const below = reached[k + steps + 2] as number;
    const before = reached[k + steps] as number;
    const isDown = k === -steps || (k !== steps && before < below);
    const from = isDown ? below : before + 1;
    while (i > from) pairs.push([(i -= 1), (j -= 1)]);
    if (isDown) j -= 1;
    else i -= 1;
  }
  while (i > 0) pairs.push([(i -= 1), (j -= 1)]);
  return pairs.reverse();
}
