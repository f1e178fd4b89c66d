// What a tree reads: numbers as they are, categories as bin numbers; learned once, saved with the tree.
import type { Frame } from '../../core/frame.ts';
import { sortedSample } from '../sorted-sample.ts';

/** Numbers are cut at `edges`: bin b holds (edges[b − 1], edges[b]], the last one everything above. */
export interface NumberInput {
  readonly kind: 'number';
  readonly name: string;
  readonly edges: readonly number[];
}

/** Bin b < levels.length is a level; then one for rarer levels, then one for missing. */
export interface CategoryInput {
  readonly kind: 'category';
  readonly name: string;
  readonly levels: readonly string[];
  /** Whether training saw rarer levels; if not, an unseen level goes where a node sends the unknown. */
  readonly other: boolean;
}

export type TreeInput = NumberInput | CategoryInput;

/** 64 cuts lose nothing a shop's customers could show; their histograms stay in the processor's cache. */
const MAX_EDGES = 63;
const MAX_LEVELS = 48;
const MIN_LEVEL_ROWS = 8;

/** Bins of an input, the one for missing included. */
export const binCount = (input: TreeInput): number =>
  input.kind === 'number' ? input.edges.length + 2 : input.levels.length + 2;

/** Inputs for every number and category column that varies, in frame order. */
export function fitInputs(frame: Frame): TreeInput[] {
  const inputs: TreeInput[] = [];
  for (const column of frame.columns) {
    if (column.kind === 'number') {
      const edges = cutPoints(column.values);
      const missing = column.values.some((value) => Number.isNaN(value));
      if (edges.length > 0 || missing) inputs.push({ kind: 'number', name: column.name, edges });
    } else if (column.kind === 'category') {
      const counts = new Uint32Array(column.levels.length);
      for (const code of column.codes) if (code >= 0) counts[code]++;
      const frequent = column.levels
        .map((level, code) => ({ level, count: counts[code] }))
        .filter(({ count }) => count >= MIN_LEVEL_ROWS)
        .sort((a, b) => b.count - a.count || (a.level < b.level ? -1 : 1))
        .slice(0, MAX_LEVELS);
      const known = column.codes.reduce((sum, code) => sum + Number(code >= 0), 0);
      const kept = frequent.reduce((sum, { count }) => sum + count, 0);
      inputs.push({
        kind: 'category',
        name: column.name,
        levels: frequent.map(({ level }) => level),
        other: kept < known,
      });
    }
  }
  return inputs;
}

/** Midpoints between neighbouring quantiles, rising, none twice. */
function cutPoints(values: Float64Array): number[] {
  const seen = sortedSample(values);
  const distinct = seen.filter((value, i) => i === 0 || value !== seen[i - 1]);
  const edges: number[] = [];
  if (distinct.length <= MAX_EDGES + 1) {
    for (let i = 1; i < distinct.length; i++) edges.push(between(distinct[i - 1], distinct[i]));
    return edges;
  }
  for (let k = 1; k <= MAX_EDGES; k++) {
    const at = Math.floor((k * seen.length) / (MAX_EDGES + 1));
    let above = at;
    while (above < seen.length && seen[above] === seen[at - 1]) above++;
    if (above === seen.length) break;
    const edge = between(seen[above - 1], seen[above]);
    if (edges.length === 0 || edge > edges[edges.length - 1]) edges.push(edge);
  }
  return edges;
}

/** The middle, or the lower one where rounding would reach the upper. */
function between(low: number, high: number): number {
  const middle = low + (high - low) / 2;
  return middle < high ? middle : low;
}

/** Values as bins, the last bin for missing; [rows] an input. */
export function binInputs(inputs: readonly TreeInput[], values: readonly Float64Array[]): Uint8Array[] {
  return inputs.map((input, feature) => {
    if (input.kind === 'category') return Uint8Array.from(values[feature]);
    return binNumbers(input.edges, values[feature]);
  });
}

function binNumbers(edges: readonly number[], values: Float64Array): Uint8Array {
  const bins = new Uint8Array(values.length);
  const cuts = Float64Array.from(edges);
  for (let row = 0; row < bins.length; row++) {
    const value = values[row];
    bins[row] = Number.isNaN(value) ? cuts.length + 1 : binOf(value, cuts);
  }
  return bins;
}

/** How many cuts, rising, lie under a value; numbers ≤ a cut go left of it. */
export function binOf(value: number, cuts: Float64Array): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= cuts[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}
