// Each network learns a law of the last two items beyond what counting the last one tells; and the parts of each, by hand.
import { describe, expect, it } from 'vitest';
import { drawSequences, sequenceLaw } from '../../../../bench/learnable-sequences.ts';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import type { Sequences } from '../../../core/sequences.ts';
import { initialValues } from '../../../nn/initialise.ts';
import { defineModule, trace } from '../../../nn/module.ts';
import { compileEvaluation } from '../../../nn/program/evaluation-program.ts';
import type { SymbolicBatch } from '../../../nn/program/training-program.ts';
import { input } from '../../../tensor/ops/leaf.ts';
import { sum } from '../../../tensor/ops/structure.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { recommenderById } from '../catalogue.ts';
import { lastItemCases } from '../made-up-sequences.ts';
import { tokenSpecs } from '../neural/events/event-vectors.ts';
import { planTokens } from '../neural/events/tokens.ts';
import type { NetworkKind } from '../neural/network.ts';
import type { NetworkSettings } from '../neural/settings.ts';
import type { Recommender } from '../recommender.ts';
import { cnnKind, earlier } from './cnn.ts';
import { gruKind } from './gru.ts';
import { fadingWeights, mlpKind } from './mlp.ts';

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

describe.each([
  ['gru', (time: number) => openTrunk(gruKind, time)],
  ['cnn', (time: number) => openTrunk(cnnKind, time)],
  ['mlp', (time: number) => openTrunk(mlpKind, time)],
])('%s trunk', (_, open) => {
  it('sees an event at its own place and later ones, never before', async () => {
    const statesOf = await open(6);
    const plain = await statesOf([1, 2, 3, 4, 5, 6]);
    const changed = await statesOf([1, 2, 3, 9, 5, 6]);
    const differs = plain.map((state, place) => state.some((value, i) => value !== changed[place][i]));
    expect(differs).toEqual([false, false, false, true, true, true]);
  });

  it('tells the same events in another order apart', async () => {
    const statesOf = await open(4);
    const [forth, back] = [await statesOf([1, 2, 3, 4]), await statesOf([2, 1, 3, 4])];
    expect(forth[3].some((value, i) => Math.abs(value - back[3][i]) > 1e-4)).toBe(true);
  });
});

/** States of each place of a history, by first weights. */
async function openTrunk<S extends NetworkSettings>(
  kind: NetworkKind<S>,
  time: number,
): Promise<(rows: readonly number[]) => Promise<readonly Float32Array[]>> {
  const settings = kind.settings(1000, { width: 8, length: time });
  const plan = planTokens(train, { ...settings, masked: false });
  const module = defineModule('asked', (scope, batch: SymbolicBatch) => {
    const states = scope.apply('trunk', kind.trunk(plan, settings), batch);
    return { loss: sum(states), outputs: { states } };
  });
  const specs = tokenSpecs(plan, { batch: 1, time });
  const program = compileEvaluation(module, specs);
  const { parameters } = trace(
    module,
    Object.fromEntries(
      Object.entries(specs).map(([name, { dtype, axes }]) => [name, input(name, dtype, axes)]),
    ),
  );
  // Rows of items begin near nothing: larger ones make a difference visible.
  const values = Object.entries(initialValues(parameters, random(2))).map(
    ([name, value]) => [name, name.includes('item') ? value.map((x) => 50 * x) : value] as const,
  );
  return async (rows) => {
    const session = await nodeBackend.open(program.model);
    const { states } = await session.run({ ...Object.fromEntries(values), event: Int32Array.from(rows) });
    await session.release();
    return rows.map((_, place) => (states as Float32Array).slice(8 * place, 8 * place + 8));
  };
}

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
