// Which items go with which: a row of weighted neighbours an item, grown one item at a time.
import { pause } from '../../../core/pause.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { FitRun, SavedModel } from '../../estimator.ts';
import { readItems, readOffsets, readValues } from '../saved-recommender.ts';
import { rowsByAge } from './event-recency.ts';
import { add, empty, emptyTally, type Gather, type Tally } from './evidence.ts';

/** Neighbours of item i are `neighbours[offsets[i] … offsets[i + 1])`, heaviest first. */
export interface ItemGraph {
  /** [items + 1] */
  readonly offsets: Int32Array;
  /** [edges] */
  readonly neighbours: Int32Array;
  /** Above 0, [edges] */
  readonly weights: Float32Array;
}

/** Where each item occurs: places of item i are `places[offsets[i] … offsets[i + 1])`, in oldest sequences first. */
export interface Occurrences {
  /** [items + 1] */
  readonly offsets: Int32Array;
  /** Positions in `items` of the sequences, [known events] */
  readonly places: Int32Array;
  /** Row of the sequence each event belongs to, [events] */
  readonly rows: Int32Array;
}

export function occurrencesOf(train: Sequences): Occurrences {
  const { items, offsets: starts, itemIds } = train;
  const offsets = new Int32Array(itemIds.length + 1);
  for (const item of items) if (item >= 0) offsets[item + 1]++;
  for (let item = 0; item < itemIds.length; item++) offsets[item + 1] += offsets[item];
  const filled = offsets.slice();
  const places = new Int32Array(offsets[itemIds.length]);
  const rows = new Int32Array(items.length);
  for (const row of rowsByAge(train)) {
    for (let event = starts[row]; event < starts[row + 1]; event++) {
      rows[event] = row;
      if (items[event] >= 0) places[filled[items[event]]++] = event;
    }
  }
  return { offsets, places, rows };
}

export interface Growth {
  readonly task: string;
  readonly items: number;
  /** So many of the heaviest neighbours stay; those as heavy as the last one stay too. */
  readonly most: number;
  readonly run: FitRun;
}

const ITEMS_A_TURN = 512;

/**
 * @param visit adds the neighbours of an item
 * @throws AppError INTERRUPTED
 */
export async function growItemGraph(
  { task, items, most, run }: Growth,
  visit: (item: number, tally: Tally) => void,
): Promise<ItemGraph> {
  const tally = emptyTally(items);
  const offsets = new Int32Array(items + 1);
  const rows: { readonly neighbours: Int32Array; readonly weights: Float32Array }[] = [];
  for (let item = 0; item < items; item++) {
    if (item % ITEMS_A_TURN === 0) {
      await pause(run.signal);
      run.progress.step({ task, done: item, total: items, unit: 'items' });
    }
    visit(item, tally);
    const row = heaviest(tally, most);
    rows.push(row);
    offsets[item + 1] = offsets[item] + row.neighbours.length;
    empty(tally);
  }
  run.progress.step({ task, done: items, total: items, unit: 'items' });
  const neighbours = new Int32Array(offsets[items]);
  const weights = new Float32Array(offsets[items]);
  rows.forEach((row, item) => {
    neighbours.set(row.neighbours, offsets[item]);
    weights.set(row.weights, offsets[item]);
  });
  return { offsets, neighbours, weights };
}

function heaviest({ sums, touched, count }: Tally, most: number) {
  const heavyEnough = nthLargest(sums, touched.subarray(0, count), most);
  const neighbours = touched
    .slice(0, count)
    .filter((item) => sums[item] >= heavyEnough)
    .sort((a, b) => sums[b] - sums[a] || a - b);
  return { neighbours, weights: Float32Array.from(neighbours, (item) => sums[item]) };
}

/** The n-th largest of the values at `places`; −∞ when there are no more than n. Time grows with the number of places (quickselect). */
export function nthLargest(values: Float64Array, places: Int32Array, n: number): number {
  if (places.length <= n) return Number.NEGATIVE_INFINITY;
  const held = Float64Array.from(places, (place) => values[place]);
  const wanted = held.length - n;
  let [low, high] = [0, held.length - 1];
  while (low < high) {
    const pivot = held[(low + high) >>> 1];
    let [from, to] = [low, high];
    while (from <= to) {
      while (held[from] < pivot) from++;
      while (held[to] > pivot) to--;
      if (from > to) break;
      const value = held[from];
      held[from++] = held[to];
      held[to--] = value;
    }
    if (wanted <= to) high = to;
    else if (wanted >= from) low = from;
    else break;
  }
  return held[wanted];
}

/**
 * Neighbours of the last items of a history, those of the item d steps back weighing decay^(d − 1).
 *
 * @param lookBack so many events count; 1 for the last alone
 */
export const gatherNeighbours =
  (graph: ItemGraph, { lookBack, decay }: { readonly lookBack: number; readonly decay: number }): Gather =>
  (history, tally) => {
    const { offsets, neighbours, weights } = graph;
    let trust = 1;
    for (let back = 1; back <= Math.min(lookBack, history.length); back++) {
      const item = history[history.length - back];
      for (let edge = offsets[item]; edge < offsets[item + 1]; edge++) {
        const weight = trust * weights[edge];
        if (weight > 0) add(tally, neighbours[edge], weight);
      }
      trust *= decay;
    }
  };

export const graphArrays = ({ offsets, neighbours, weights }: ItemGraph) => ({
  edgeOffsets: offsets,
  neighbours,
  weights,
});

/** @throws AppError BAD_FILE */
export function readGraph(saved: SavedModel, items: number): ItemGraph {
  const offsets = readOffsets(saved, 'edgeOffsets', items);
  const edges = offsets[items];
  return {
    offsets,
    neighbours: readItems(saved, 'neighbours', edges, items),
    weights: readValues(saved, 'weights', 'float32', edges),
  };
}
