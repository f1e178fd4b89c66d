// Views of a simulated shop as sequences whose last one has another of the same visit before it, and the truth's own answer to it.

import { random } from '../../src/core/random.ts';
import { type Sequences, takeSequences } from '../../src/core/sequences.ts';
import { TYPE_CODE } from '../../src/data/synthetic/batch.ts';
import type { SimulatedShop } from '../../src/data/synthetic.ts';
import { LEAST_EVENTS, type SequenceSplit } from '../../src/eval/sequences/leave-one-out.ts';
import { emptyRanks, rankTargets } from '../../src/eval/sequences/rank-targets.ts';

/** All views of each customer, bots left out, up to the last one that is not the first of its visit. */
export function viewedInOrder(shop: SimulatedShop): Sequences {
  const entities: string[] = [];
  const offsets: number[] = [0];
  const items: number[] = [];
  const timesMs: number[] = [];
  let own = { customer: -1, items: [] as number[], timesMs: [] as number[], visits: [] as number[] };
  const settle = (): void => {
    let end = own.items.length;
    while (end > 1 && own.visits[end - 1] !== own.visits[end - 2]) end--;
    if (end < LEAST_EVENTS || shop.truth.isBot(own.customer)) return;
    for (let event = 0; event < end; event++) {
      items.push(own.items[event]);
      timesMs.push(own.timesMs[event]);
    }
    entities.push(String(own.customer));
    offsets.push(items.length);
  };
  for (const batch of shop.events())
    for (let row = 0; row < batch.rows; row++) {
      if (batch.type[row] !== TYPE_CODE.view) continue;
      if (batch.owner[row] !== own.customer) {
        if (own.customer >= 0) settle();
        own = { customer: batch.owner[row], items: [], timesMs: [], visits: [] };
      }
      own.items.push(batch.item[row]);
      own.timesMs.push(batch.timestamp[row]);
      own.visits.push(batch.visit[row]);
    }
  if (own.customer >= 0) settle();
  return {
    entities,
    offsets: Uint32Array.from(offsets),
    items: Int32Array.from(items),
    timesMs: Float64Array.from(timesMs),
    itemIds: Array.from({ length: shop.options.items }, (_, item) => String(item)),
  };
}

/** The same events at the same moments, their items in an order drawn by chance. */
export function outOfOrder(sequences: Sequences, seed: number): Sequences {
  const draws = random(seed).fork('out of order');
  const mixed = takeSequences(sequences, [...sequences.entities.keys()]);
  for (let row = 0; row < mixed.entities.length; row++)
    draws.shuffle(mixed.items.subarray(mixed.offsets[row], mixed.offsets[row + 1]));
  return mixed;
}

/** Where each target stands for who knows the customer's taste and the last view, [cases]. */
export function ranksOfTruth(
  { truth }: SimulatedShop,
  { before, targets }: SequenceSplit['test'],
): Float64Array {
  const one = emptyRanks(1);
  return Float64Array.from(targets, (_, row) => {
    const last = before.items[before.offsets[row + 1] - 1];
    const scores = Float32Array.from(truth.nextItem(Number(before.entities[row]), [last]));
    const own = { before: takeSequences(before, [row]), targets: targets.subarray(row, row + 1) };
    rankTargets(scores, own, { from: 0, rows: 1, into: one });
    return one.included[0];
  });
}
