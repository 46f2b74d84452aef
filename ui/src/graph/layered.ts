/**
 * Boxes in layers, from left to right, as edges lead: the way of Sugiyama, Tagawa and Toda (1981). Ranks are longest paths; the order within a
 * layer follows barycentres, of whose turns the one with the fewest crossings counts; and where each stands is as near to its neighbours as
 * those beside it allow, an isotonic regression a layer. All in typed arrays: 5,000 nodes take a fraction of a second.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Apart {
  /** Pixels between boxes of a layer. */
  readonly nodes: number;
  /** Pixels between layers. */
  readonly layers: number;
}

/** The middles of the boxes. */
export interface Middles {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** An edge, by the numbers of its boxes. */
export type Lead = readonly [from: number, to: number];

/** Edges that are longer than a layer take room in those between; where that were more rooms than this, the longest take none. */
const BENDS_MAX = 100_000;
/** Between a box and an edge that passes it, of what is between two boxes. */
const BEND_GAP = 0.5;
/** So many turns of ordering in which there were no fewer crossings are the last. */
const VAIN_MAX = 4;
const TURNS_MAX = 24;
const SETTLES = 6;
/** How much more a long edge wants to be straight than a short one. */
const STRAIGHT = 8;
/** What has no neighbour on a side hardly minds. */
const IDLE = 1e-3;

/** The same boxes and edges always stand the same way; edges that lead to where they come from, over others too, count as turned round. */
export function layered(sizes: readonly Size[], leads: readonly Lead[], apart: Apart): Middles {
  const count = sizes.length;
  const forward = acyclic(count, leads);
  const net = netOf(count, forward, ranksOf(count, forward));
  const layers = ordered(net);
  const y = settled(net, layers, sizes, apart).subarray(0, count);
  return { x: columns(net, layers, sizes, apart), y };
}

/** Who is beside whom: the neighbours of `node` stand from `begins[node]` to `begins[node + 1]`. */
interface Sides {
  readonly begins: Int32Array;
  readonly ends: Int32Array;
}

function sidesOf(count: number, from: Int32Array, to: Int32Array): Sides {
  const begins = new Int32Array(count + 1);
  for (const node of from) begins[node + 1]! += 1;
  for (let node = 0; node < count; node += 1) begins[node + 1]! += begins[node]!;
  const next = begins.slice();
  const ends = new Int32Array(from.length);
  for (let at = 0; at < from.length; at += 1) ends[next[from[at]!]!++] = to[at]!;
  return { begins, ends };
}

interface Leads {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Those that close a circle, found by walking, are turned round. */
function acyclic(count: number, leads: readonly Lead[]): Leads {
  const kept = leads.filter(([from, to]) => from !== to);
  const from = Int32Array.from(kept, ([one]) => one);
  const to = Int32Array.from(kept, ([, other]) => other);
  const { begins, ends } = sidesOf(count, from, Int32Array.from(kept.keys()));
  const next = begins.slice(0, count);
  const seen = new Int8Array(count); // 1 is on the way, 2 is done
  for (let root = 0; root < count; root += 1) {
    const way = seen[root] === 0 ? [root] : [];
    seen[root] ||= 1;
    while (way.length > 0) {
      const node = way.at(-1)!;
      if (next[node]! === begins[node + 1]!) {
        seen[node] = 2;
        way.pop();
        continue;
      }
      const lead = ends[next[node]!++]!;
      const other = to[lead]!;
      if (seen[other] === 1) [from[lead], to[lead]] = [other, node];
      else if (seen[other] === 0) {
        seen[other] = 1;
        way.push(other);
      }
    }
  }
  return { from, to };
}

/** As early as edges allow; what is led to by less than it leads to stands right before that. */
function ranksOf(count: number, { from, to }: Leads): Int32Array {
  const afters = sidesOf(count, from, to);
  const befores = sidesOf(count, to, from);
  const rank = new Int32Array(count);
  const open = Int32Array.from({ length: count }, (_, node) => befores.begins[node + 1]! - befores.begins[node]!);
  const order = [...open.keys()].filter((node) => open[node] === 0);
  for (let at = 0; at < order.length; at += 1) {
    const node = order[at]!;
    for (let each = afters.begins[node]!; each < afters.begins[node + 1]!; each += 1) {
      const other = afters.ends[each]!;
      rank[other] = Math.max(rank[other]!, rank[node]! + 1);
      if ((open[other]! -= 1) === 0) order.push(other);
    }
  }
  for (const node of order.reverse()) {
    const [begin, end] = [afters.begins[node]!, afters.begins[node + 1]!];
    if (end - begin <= befores.begins[node + 1]! - befores.begins[node]!) continue;
    let nearest = Number.POSITIVE_INFINITY;
    for (let each = begin; each < end; each += 1) nearest = Math.min(nearest, rank[afters.ends[each]!]!);
    rank[node] = nearest - 1;
  }
  const least = rank.reduce((one, other) => Math.min(one, other), Number.MAX_SAFE_INTEGER);
  return rank.map((one) => one - least);
}

/** The boxes, and behind them the bends of edges in the layers that they pass: each edge is between neighbouring layers now. */
interface Net {
  /** How many are boxes. */
  readonly boxes: number;
  readonly rank: Int32Array;
  readonly befores: Sides;
  readonly afters: Sides;
}

function netOf(boxes: number, { from, to }: Leads, rank: Int32Array): Net {
  const length = (lead: number) => rank[to[lead]!]! - rank[from[lead]!]!;
  const ranks: number[] = Array.from(rank);
  const [starts, stops]: [number[], number[]] = [[], []];
  const byLength = Int32Array.from(from.keys()).sort((one, other) => length(one) - length(other) || one - other);
  for (const lead of byLength) {
    if (ranks.length - boxes + length(lead) - 1 > BENDS_MAX) break;
    let last = from[lead]!;
    for (let at = rank[last]! + 1; at < rank[to[lead]!]!; at += 1) {
      starts.push(last);
      last = ranks.push(at) - 1;
      stops.push(last);
    }
    starts.push(last);
    stops.push(to[lead]!);
  }
  const [ones, others] = [Int32Array.from(starts), Int32Array.from(stops)];
  return { boxes, rank: Int32Array.from(ranks), befores: sidesOf(ranks.length, others, ones), afters: sidesOf(ranks.length, ones, others) };
}

type Layers = readonly Int32Array[];

/** The layers, each from top to bottom. */
function ordered(net: Net): Layers {
  let layers = walked(net);
  let [best, fewest] = [layers, crossings(net, layers)];
  for (let [turn, vain] = [0, 0]; turn < TURNS_MAX && vain < VAIN_MAX && fewest > 0; turn += 1) {
    layers = swept(net, layers, turn % 2 === 0);
    const found = crossings(net, layers);
    vain = found < fewest ? 0 : vain + 1;
    if (found < fewest) [best, fewest] = [layers, found];
  }
  return best;
}

/** As one comes by when walking along the edges: what hangs together stands together. */
function walked({ rank, afters, befores }: Net): Layers {
  const layers: number[][] = Array.from({ length: rank.reduce((one, other) => Math.max(one, other), -1) + 1 }, () => []);
  const seen = new Uint8Array(rank.length);
  for (let root = 0; root < rank.length; root += 1) {
    if (befores.begins[root] !== befores.begins[root + 1]) continue;
    const way = [root];
    while (way.length > 0) {
      const node = way.pop()!;
      if (seen[node] === 1) continue;
      seen[node] = 1;
      layers[rank[node]!]!.push(node);
      for (let each = afters.begins[node + 1]! - 1; each >= afters.begins[node]!; each -= 1) way.push(afters.ends[each]!);
    }
  }
  return layers.map((layer) => Int32Array.from(layer));
}

/** Each layer in the order of the barycentres that it has in the one before it, or behind it. */
function swept({ rank, befores, afters }: Net, layers: Layers, isDown: boolean): Layers {
  const sides = isDown ? befores : afters;
  const place = placesOf(rank.length, layers);
  const centre = new Float64Array(rank.length);
  const result = [...layers];
  for (let turn = 1; turn < layers.length; turn += 1) {
    const at = isDown ? turn : layers.length - 1 - turn;
    const layer = layers[at]!;
    const moves = layer.filter((node) => {
      const [begin, end] = [sides.begins[node]!, sides.begins[node + 1]!];
      let sum = 0;
      for (let each = begin; each < end; each += 1) sum += place[sides.ends[each]!]!;
      centre[node] = sum / (end - begin);
      return end > begin;
    });
    moves.sort((one, other) => centre[one]! - centre[other]! || place[one]! - place[other]!);
    let next = 0;
    const now = layer.map((node) => (sides.begins[node] === sides.begins[node + 1] ? node : moves[next++]!));
    now.forEach((node, to) => (place[node] = to));
    result[at] = now;
  }
  return result;
}

function placesOf(count: number, layers: Layers): Int32Array {
  const place = new Int32Array(count);
  for (const layer of layers) layer.forEach((node, at) => (place[node] = at));
  return place;
}

/** How many pairs of edges cross, by a tree of counts (Barth, Mutzel, Jünger 2004). */
function crossings({ rank, afters }: Net, layers: Layers): number {
  const place = placesOf(rank.length, layers);
  let found = 0;
  for (let at = 0; at + 1 < layers.length; at += 1) {
    const wide = layers[at + 1]!.length;
    const counts = new Int32Array(wide + 1);
    let before = 0;
    for (const node of layers[at]!) {
      const ends = afters.ends.subarray(afters.begins[node]!, afters.begins[node + 1]!);
      for (const other of ends) {
        let above = 0;
        for (let each = place[other]! + 1; each > 0; each -= each & -each) above += counts[each]!;
        found += before - above;
      }
      for (const other of ends) for (let each = place[other]! + 1; each <= wide; each += each & -each) counts[each]! += 1;
      before += ends.length;
    }
  }
  return found;
}

/** Where each stands: the widest layer as close as it may, and from there on each as near to its neighbours as it can. */
function settled(net: Net, layers: Layers, sizes: readonly Size[], apart: Apart): Float64Array {
  const y = new Float64Array(net.rank.length);
  const room = Float64Array.from(net.rank, (_, node) => (node < net.boxes ? sizes[node]!.height + apart.nodes : apart.nodes * BEND_GAP));
  const long = layers.map((layer) => layer.reduce((sum, node) => sum + room[node]!, 0));
  const widest = long.indexOf(Math.max(...long, 0));
  if (widest < 0) return y;
  const settle = new Settle(net, y, room);
  settle.pack(layers[widest]!);
  for (let at = widest - 1; at >= 0; at -= 1) settle.layer(layers[at]!, net.afters);
  for (let at = widest + 1; at < layers.length; at += 1) settle.layer(layers[at]!, net.befores);
  for (let turn = 0; turn < SETTLES; turn += 1) {
    for (let at = 1; at < layers.length; at += 1) settle.layer(layers[at]!, net.befores);
    for (let at = layers.length - 2; at >= 0; at -= 1) settle.layer(layers[at]!, net.afters);
  }
  return y;
}

class Settle {
  constructor(
    readonly net: Net,
    readonly y: Float64Array,
    /** The pixels that each takes, with what is between it and the next. */
    readonly room: Float64Array,
  ) {}

  /** One right below the other. */
  pack(layer: Int32Array): void {
    let top = 0;
    for (const node of layer) {
      this.y[node] = top + this.room[node]! / 2;
      top += this.room[node]!;
    }
  }

  /** To the weighted middle of the neighbours on a side; what would overlap makes a block with it, that goes to the middle of what all in it want. */
  layer(layer: Int32Array, sides: Sides): void {
    const { y, room } = this;
    const blocks: { from: number; weight: number; sum: number }[] = [];
    const offsets = new Float64Array(layer.length);
    for (let at = 0; at < layer.length; at += 1) {
      const node = layer[at]!;
      if (at > 0) offsets[at] = offsets[at - 1]! + (room[layer[at - 1]!]! + room[node]!) / 2;
      const { weight, sum } = this.#wish(node, sides);
      let block = { from: at, weight, sum: sum - weight * offsets[at]! };
      for (let above = blocks.at(-1); above !== undefined && above.sum / above.weight >= block.sum / block.weight; above = blocks.at(-1)) {
        block = { from: above.from, weight: above.weight + block.weight, sum: above.sum + block.sum };
        blocks.pop();
      }
      blocks.push(block);
    }
    blocks.forEach(({ from, weight, sum }, number) => {
      for (let at = from; at < (blocks[number + 1]?.from ?? layer.length); at += 1) y[layer[at]!] = sum / weight + offsets[at]!;
    });
  }

  #wish(node: number, { begins, ends }: Sides): { readonly weight: number; readonly sum: number } {
    const { y, net } = this;
    if (begins[node] === begins[node + 1]) return { weight: IDLE, sum: IDLE * y[node]! };
    let [weight, sum] = [0, 0];
    for (let each = begins[node]!; each < begins[node + 1]!; each += 1) {
      const other = ends[each]!;
      const strong = (node < net.boxes ? 1 : STRAIGHT) * (other < net.boxes ? 1 : STRAIGHT);
      weight += strong;
      sum += strong * y[other]!;
    }
    return { weight, sum };
  }
}

/** Each box in the middle of its layer, which is as wide as its widest. */
function columns({ boxes, rank }: Net, layers: Layers, sizes: readonly Size[], apart: Apart): Float64Array {
  const wide = new Float64Array(layers.length);
  for (let box = 0; box < boxes; box += 1) wide[rank[box]!] = Math.max(wide[rank[box]!]!, sizes[box]!.width);
  const middles = new Float64Array(layers.length);
  let left = 0;
  for (let at = 0; at < layers.length; at += 1) {
    middles[at] = left + wide[at]! / 2;
    left += wide[at]! + apart.layers;
  }
  return Float64Array.from({ length: boxes }, (_, box) => middles[rank[box]!]!);
}
