// Each network learns a law of the last two items beyond what counting the last one tells; and the parts of each, by hand.
import { describe, expect, it } from 'vitest';
import { drawSequences, sequenceLaw } from '../../../../bench/learnable-sequences.ts';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import type { Sequences } from '../../../core/sequences.ts';
import { defineModule } from '../../../nn/module.ts';
import { compileEvaluation } from '../../../nn/program/evaluation-program.ts';
import type { SymbolicBatch } from '../../../nn/program/training-program.ts';
import { sum } from '../../../tensor/ops/structure.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { recommenderById } from '../catalogue.ts';
import { lastItemCases } from '../made-up-sequences.ts';
import type { Recommender } from '../recommender.ts';
import { earlier } from './cnn.ts';
import { fadingWeights } from './mlp.ts';

const ITEMS = 60;
const law = sequenceLaw(5, ITEMS);
const drawn = (count: number, name: string) =>
  drawSequences(law, random(5).fork(name), { count, minLength: 3, maxLength: 14 });
const sequencesOf = (histories: readonly ArrayLike<number>[]): Sequences => {
  const offsets = new Uint32Array(histories.length + 1);
  histories.forEach((history, h) => {
    offsets[h + 1] = offsets[h] + history.length;
  });
  return {
    entities: histories.map((_, h) => `e${h}`),
    offsets,
    items: Int32Array.from(histories.flatMap((history) => Array.from(history))),
    itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
  };
};

const train = sequencesOf(drawn(3000, 'train').map(({ items }) => items));
const test = drawn(400, 'test');

/** −ln of the share a model gives the item that came, over what who knows the law gives it: nats an item. */
async function ignorance(recommender: Recommender): Promise<number> {
  const model = await recommender.fit(train, undefined, { seed: 3, threads: 1, progress: silent });
  const { before, targets } = lastItemCases(sequencesOf(test.map(({ items }) => items)));
  const scores = await model.score(before);
  await model.close?.();
  return targets.reduce((total, target, row) => {
    const own = scores.subarray(row * ITEMS, (row + 1) * ITEMS);
    const surprise = Math.log(own.reduce((sum, score) => sum + Math.exp(score - own[target]), 0));
    return total + (surprise + (test[row].logProbability.at(-1) as number)) / targets.length;
  }, 0);
}

const settings = { width: 24, length: 14, dropout: 0, epochs: 4, learningRate: 0.02, batch: 32 };
const lastItemAlone = ignorance(recommenderById('markov'));

describe.each([
  ['gru', { hidden: 32 }],
  ['cnn', { reach: 3, horizontal: 12 }],
  ['mlp', { hidden: 64 }],
])('%s', (id, shape) => {
  it('knows more of a law of two items than what followed the last one tells', async () => {
    const learned = await ignorance(recommenderById(id).withSettings!({ ...settings, ...shape }));
    expect(learned).toBeLessThan((await lastItemAlone) - 0.03);
    // Nobody knows more than the law, but for the luck of 400 draws.
    expect(learned).toBeGreaterThan(-0.02);
  });
});

describe('what networks are made of', () => {
  it('looks back by steps, at nothing before the first event', async () => {
    const shown = async (steps: number): Promise<number[]> => {
      const program = compileEvaluation(
        defineModule('shown', (_, { x }: SymbolicBatch) => {
          const back = earlier(x, steps);
          return { loss: sum(back), outputs: { back } };
        }),
        { x: { dtype: 'float', axes: { batch: 2, time: 3, width: 1 } } },
      );
      const session = await nodeBackend.open(program.model);
      const { back } = await session.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) });
      await session.release();
      return Array.from(back as Float32Array);
    };
    expect(await shown(0)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await shown(1)).toEqual([0, 1, 2, 0, 4, 5]);
    expect(await shown(3)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('weighs events by how many came after, adding up to one', () => {
    expect([...fadingWeights(3, 0.5)]).toEqual(
      [1, 0, 0, 1 / 3, 2 / 3, 0, 1 / 7, 2 / 7, 4 / 7].map(Math.fround),
    );
    expect([...fadingWeights(2, 1)]).toEqual([1, 0, 0.5, 0.5]);
  });
});
