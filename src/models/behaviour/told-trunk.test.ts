// A trunk told what encoders say of items reads what nobody has done yet, and is the same when read back.
import { describe, expect, it } from 'vitest';
import type { ItemVectors } from '../../core/item-vectors.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import type { Sequences } from '../../core/sequences.ts';
import { behaviourTrunk } from '../sequence/transformer/trunk.ts';
import { pretrainTrunk } from './pretrain.ts';
import { readTrunk, savedTrunk } from './saved-trunk.ts';
import { behaviourSettings, trunkSettings } from './settings.ts';
import { poolHistories, statePrograms } from './states.ts';
import { withoutShop } from './transfer/portable-trunk.ts';

const draws = random(5);
const KINDS = 4;
const A_KIND = 5;
/** The last of each kind is in no history. */
const ITEMS = KINDS * A_KIND;
const WIDTH = 10;
const centres = Float32Array.from({ length: KINDS * WIDTH }, () => draws.normal());
const text: ItemVectors = {
  name: 'text',
  width: WIDTH,
  values: Float32Array.from({ length: ITEMS * WIDTH }, (_, k) => {
    const kind = Math.floor(k / WIDTH / A_KIND);
    return centres[kind * WIDTH + (k % WIDTH)] + 0.05 * draws.normal();
  }),
  known: new Uint8Array(ITEMS).fill(1),
};
const histories = (all: readonly (readonly number[])[]): Sequences => ({
  entities: all.map((_, h) => `c${h}`),
  offsets: Uint32Array.from({ length: all.length + 1 }, (_, h) => all.slice(0, h).flat().length),
  items: Int32Array.from(all.flat()),
  timesMs: Float64Array.from(all.flat(), (_, event) => 60_000 * event),
  itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
});
const train = histories(
  Array.from({ length: 150 }, () => {
    const kind = draws.integer(KINDS);
    return Array.from({ length: 5 }, () => A_KIND * kind + draws.integer(A_KIND - 1));
  }),
);
const settings = trunkSettings(behaviourSettings('transformer', { width: 16, blocks: 1 }));
const vocabulary = { itemIds: train.itemIds, typeLevels: [], categories: [] };
const learned = pretrainTrunk(train, {
  ...{ id: 'trunk', vocabulary, settings, steps: 40, epochs: 20, vectors: [text] },
  run: { seed: 2, threads: 1, progress: silent },
});

describe('a trunk told what encoders say of items', () => {
  it('tells what nobody has done apart, by what it is like', async () => {
    const { trunk } = await learned;
    const { plan, values } = trunk;
    const { width, length } = settings;
    const by = { trunk: behaviourTrunk(plan, settings), plan, length, width };
    // What nobody did of two kinds, and what many did of the first.
    const asked = histories([[A_KIND - 1], [2 * A_KIND - 1], [0]]);
    const states = await poolHistories(asked, { ...by, values, threads: 1 }, statePrograms(by));
    const row = (at: number) => states.subarray(at * 2 * width, (at + 1) * 2 * width);
    const apart = (a: number, b: number) =>
      row(a).reduce((sum, value, d) => sum + (value - row(b)[d]) ** 2, 0);
    expect(apart(0, 1)).toBeGreaterThan(0.01);
    expect(apart(0, 2)).toBeLessThan(apart(1, 2));
  });

  it('is the same when read back', async () => {
    const { trunk } = await learned;
    const read = readTrunk(savedTrunk(trunk));
    expect(read.plan).toEqual(trunk.plan);
    expect(read.values).toEqual(trunk.values);
  });

  it('does not leave its shop, whose texts it needs', async () => {
    const { trunk } = await learned;
    expect(() => withoutShop(trunk, undefined)).toThrow(/without --encoder/);
  });
});
