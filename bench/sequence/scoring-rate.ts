// How long it takes to score every item for many customers: 100,000 of them against a catalogue of 12,000.
import { random } from '../../src/core/random.ts';
import { type Sequences, takeSequences } from '../../src/core/sequences.ts';
import { recommenderById } from '../../src/models/sequence/catalogue.ts';
import { rowsAtOnce } from '../../src/train/sequence/rank-cases.ts';
import { atMost, type BenchOptions } from '../bench.ts';
import type { Part } from '../engine/part.ts';

const ITEMS = 12_000;
const USERS = 100_000;
const SECONDS = 60;

export interface ScoringOptions extends BenchOptions {
  readonly model: string;
  readonly users: number;
}

export async function scoringRate({ model: id, users, threads, seed, log }: ScoringOptions): Promise<Part> {
  const customers = madeUpCustomers(users, seed);
  const train = takeSequences(
    customers,
    Int32Array.from({ length: Math.min(users, 2000) }, (_, i) => i),
  );
  const recommender = recommenderById(id);
  const told = recommender.within ? recommender.withSettings?.({ epochs: 1, negatives: 128 }) : recommender;
  const progress = { step() {}, note() {} };
  const model = await (told ?? recommender).fit(train, undefined, { seed, threads, progress });
  try {
    const step = rowsAtOnce(ITEMS);
    await model.score(
      takeSequences(
        customers,
        Int32Array.from({ length: Math.min(users, step) }, (_, i) => i),
      ),
    );
    const startedMs = performance.now();
    for (let from = 0; from < users; from += step) {
      const rows = Int32Array.from({ length: Math.min(step, users - from) }, (_, i) => from + i);
      await model.score(takeSequences(customers, rows));
    }
    const seconds = (performance.now() - startedMs) / 1000;
    log(`${id}: ${users} customers × ${ITEMS} items in ${seconds.toFixed(1)} s`);
    const name = `${id}: seconds to score ${USERS} customers against ${ITEMS} items`;
    return {
      targets: users >= USERS ? [atMost(name, seconds, SECONDS)] : [],
      figures: { users, items: ITEMS, seconds, events: customers.items.length },
    };
  } finally {
    await model.close?.();
  }
}

/** Histories of 3 to 50 events, most of them short (a median of 6, a mean of 9), as a shop's are. */
function madeUpCustomers(users: number, seed: number): Sequences {
  const draws = random(seed);
  const offsets = new Uint32Array(users + 1);
  for (let user = 0; user < users; user++)
    offsets[user + 1] = offsets[user] + Math.min(50, 2 + Math.ceil(-7 * Math.log(1 - draws.uniform())));
  return {
    entities: Array.from({ length: users }, (_, i) => `u${i}`),
    offsets,
    items: Int32Array.from({ length: offsets[users] }, () =>
      Math.min(ITEMS - 1, Math.floor(ITEMS ** draws.uniform()) - 1),
    ),
    itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
  };
}
