// How alike items are: by what is known of them, or by who takes both.
import type { ItemAttributes, Sequences } from '../../core/sequences.ts';
import type { FitRun } from '../../models/estimator.ts';
import { add } from '../../models/sequence/classical/evidence.ts';
import { growItemGraph, occurrencesOf } from '../../models/sequence/classical/item-graph.ts';
import type { Likeness } from './diversify.ts';

/**
 * The share of what is known of either that is the same of both, rare things counting more: a weighted Jaccard index over
 * attributes, each weighing ln(items / items that have it). Items of which nothing is known are like none.
 */
export function likenessByAttributes({ categories }: ItemAttributes, items: number): Likeness {
  const kinds = Object.values(categories).map(({ codes, levels }) => {
    const counts = new Float64Array(levels.length);
    for (const code of codes) if (code >= 0) counts[code]++;
    return { codes, weights: counts.map((count) => (count === 0 ? 0 : Math.log(items / count))) };
  });
  const known = new Float64Array(items);
  for (const { codes, weights } of kinds)
    for (let item = 0; item < items; item++) if (codes[item] >= 0) known[item] += weights[codes[item]];
  return (a, b) => {
    let same = 0;
    for (const { codes, weights } of kinds)
      if (codes[a] >= 0 && codes[a] === codes[b]) same += weights[codes[a]];
    return same === 0 ? 0 : same / (known[a] + known[b] - same);
  };
}

/** Of each item so many that go with it most are known; others are held unlike. */
const NEIGHBOURS = 100;

/**
 * Cosine of two items over sequences: how many have both, by the root of how many have either one.
 *
 * @throws AppError INTERRUPTED
 */
export async function likenessByHistories(sequences: Sequences, run: FitRun): Promise<Likeness> {
  const { items, offsets, itemIds } = sequences;
  const { offsets: starts, places, rows } = occurrencesOf(sequences);
  const owners = new Int32Array(itemIds.length);
  const met = new Int32Array(itemIds.length).fill(-1);
  for (let row = 0; row < offsets.length - 1; row++)
    for (let event = offsets[row]; event < offsets[row + 1]; event++) {
      const item = items[event];
      if (item < 0 || met[item] === row) continue;
      met[item] = row;
      owners[item]++;
    }
  const counted = new Int32Array(itemIds.length).fill(-1);
  let visits = 0;
  const growth = { task: 'likeness', items: itemIds.length, most: NEIGHBOURS, run };
  const {
    offsets: from,
    neighbours,
    weights,
  } = await growItemGraph(growth, (item, tally) => {
    let row = -1;
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      // Events of one sequence stand together.
      if (rows[places[at]] === row) continue;
      row = rows[places[at]];
      visits++;
      for (let event = offsets[row]; event < offsets[row + 1]; event++) {
        const other = items[event];
        if (other < 0 || other === item || counted[other] === visits) continue;
        counted[other] = visits;
        add(tally, other, 1 / Math.sqrt(owners[item] * owners[other]));
      }
    }
  });
  const directed = (a: number, b: number): number => {
    for (let edge = from[a]; edge < from[a + 1]; edge++) if (neighbours[edge] === b) return weights[edge];
    return 0;
  };
  // The lists end somewhere: one may know of the other, and not the other of it. New items have no list.
  return (a, b) => (a < itemIds.length && b < itemIds.length ? Math.max(directed(a, b), directed(b, a)) : 0);
}
