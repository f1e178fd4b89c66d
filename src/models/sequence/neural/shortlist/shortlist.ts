// The best few of very many items for one state, exactly: products of whole numbers rule nearly all items out, the rest are
// multiplied as they are.
import { topPlaces } from '../../../../core/top-places.ts';
import { type LinearMemory, webAssembly } from '../../../../tensor/web-assembly.ts';
import type { BestItems, BestWanted } from '../../recommender.ts';
import { KERNEL_BASE64 } from './kernels/bytes.ts';

interface Kernels {
  bounds(
    item: number,
    items: number,
    state: number,
    width: number,
    scale: number,
    offset: number,
    into: number,
    step: number,
    slack: number,
  ): void;
  reaching(
    lower: number,
    scale: number,
    items: number,
    room: number,
    threshold: number,
    into: number,
  ): number;
}

/** What an item's score has on top of its product: by how long ago it was met. */
export type Bonus = ReadonlyMap<number, number>;

export interface Shortlist {
  /** @param state [width] */
  best(state: Float32Array, wanted: BestWanted, bonus: Bonus): BestItems;
}

const PAGE = 65_536;
/** Numbers of a lane; widths are filled up with zeros to it. */
const LANE = 16;
const MOST_BYTE = 127;
const MOST_SHORT = 32_767;
/** Float32 rounds what bounds are made of: wider by a thousandth they hold for the exact score, too. */
const ROUNDING = 1.001;

const binary = Uint8Array.from(atob(KERNEL_BASE64), (character) => character.charCodeAt(0));

/** Whether this machine has WebAssembly SIMD. */
export const hasShortlists = (): boolean => webAssembly.validate(binary);

/**
 * Item i is scale[i] · q[i] + e with |e| ≤ scale[i] / 2 in each place, the state step · g + r with |r| ≤ step / 2. So its score
 * lies within scale[i] · (Σ|state| / 2 + 127 · width · step / 2) of scale[i] · step · q[i]·g. Items whose upper end is below
 * the k-th highest lower end are none of the best k.
 *
 * @param vectors [items, width], read again at each question
 * @param offset added to each product, [items]
 */
export function openShortlist(vectors: Float32Array, width: number, offset: Float32Array): Shortlist {
  const items = vectors.length / width;
  const padded = Math.ceil(width / LANE) * LANE;
  const fours = Math.ceil(items / 4) * 4;
  const at = { scale: fours * padded, offset: 0, lower: 0, found: 0, state: 0 };
  at.offset = at.scale + fours * 4;
  at.lower = at.offset + fours * 4;
  at.found = at.lower + fours * 4;
  at.state = at.found + fours * 4;
  const pages = Math.ceil((at.state + padded * 2) / PAGE);
  const memory: LinearMemory = new webAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = new webAssembly.Instance(new webAssembly.Module(binary), { env: { memory } })
    .exports as Kernels;
  const { buffer } = memory;
  const scales = new Float32Array(buffer, at.scale, fours);
  const offsets = new Float32Array(buffer, at.offset, fours);
  const lower = new Float32Array(buffer, at.lower, items);
  const found = new Int32Array(buffer, at.found, fours);
  const shorts = new Int16Array(buffer, at.state, padded);
  writeWhole(vectors, width, { whole: new Int8Array(buffer, 0, fours * padded), padded, scales });
  offsets.set(offset);
  offsets.fill(Number.NEGATIVE_INFINITY, items);

  const exact = (state: Float32Array, item: number): number => {
    let sum = 0;
    for (let j = 0, v = item * width; j < width; j++, v++) sum += state[j] * vectors[v];
    return sum + offset[item];
  };

  return {
    best(state, { most, offered, barred }, bonus) {
      const step = highest(state, 0, width) / MOST_SHORT || 1;
      let size = 0;
      for (let j = 0; j < width; j++) {
        shorts[j] = Math.round(state[j] / step);
        size += Math.abs(state[j]);
      }
      const slack = ((size + MOST_BYTE * padded * step) / 2) * ROUNDING;
      kernels.bounds(0, items, at.state, padded, at.scale, at.offset, at.lower, step, slack);
      const isBarred = new Set(barred);
      for (const item of isBarred) lower[item] = Number.NEGATIVE_INFINITY;
      // A bonus is known exactly: such items are looked at one by one.
      for (const item of bonus.keys()) lower[item] = Number.NEGATIVE_INFINITY;
      const sure = topPlaces(lower, most, offered);
      const threshold = sure.length < most ? Number.NEGATIVE_INFINITY : lower[sure[sure.length - 1]];
      const count = kernels.reaching(at.lower, at.scale, fours, 2 * slack, threshold, at.found);
      const candidates: number[] = [];
      for (let k = 0; k < count; k++)
        if (lower[found[k]] > Number.NEGATIVE_INFINITY && offered?.[found[k]] !== 0)
          candidates.push(found[k]);
      for (const item of bonus.keys())
        if (!isBarred.has(item) && offered?.[item] !== 0) candidates.push(item);
      candidates.sort((a, b) => a - b);
      const scores = Float32Array.from(candidates, (item) => exact(state, item) + (bonus.get(item) ?? 0));
      const places = topPlaces(scores, most);
      return {
        items: Int32Array.from(places, (place) => candidates[place]),
        scores: Float32Array.from(places, (place) => scores[place]),
      };
    },
  };
}

/** Each item in bytes, and what one of them is worth. */
function writeWhole(
  vectors: Float32Array,
  width: number,
  {
    whole,
    padded,
    scales,
  }: { readonly whole: Int8Array; readonly padded: number; readonly scales: Float32Array },
): void {
  for (let item = 0, from = 0; from < vectors.length; item++, from += width) {
    const scale = highest(vectors, from, from + width) / MOST_BYTE;
    scales[item] = scale;
    if (scale === 0) continue;
    for (let j = 0; j < width; j++) whole[item * padded + j] = Math.round(vectors[from + j] / scales[item]);
  }
}

function highest(values: Float32Array, from: number, to: number): number {
  let most = 0;
  for (let at = from; at < to; at++) most = Math.max(most, Math.abs(values[at]));
  return most;
}
