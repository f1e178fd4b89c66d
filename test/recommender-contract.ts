// What every recommender promises, checked on whichever is given.

import { describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { type ProgressStep, silent } from '../src/core/progress.ts';
import { random } from '../src/core/random.ts';
import { type NextItemCases, type Sequences, sequenceCount, takeSequences } from '../src/core/sequences.ts';
import type { FitRun, Settings } from '../src/models/estimator.ts';
import { dimensionsOf, isPoint } from '../src/models/search/space.ts';
import { loadNextItemModel, recommenderById } from '../src/models/sequence/catalogue.ts';
import { lastItemCases, madeUpSequences } from '../src/models/sequence/made-up-sequences.ts';
import type { NextItemModel, Recommender } from '../src/models/sequence/recommender.ts';
import { bytesOf, throughDisk } from './saved-bytes.ts';

const RUN: FitRun = { seed: 7, threads: 1, progress: silent };
const ITEMS = 40;

const sessionsOf = (sessions: number, seed: number, signal = true, times = true): Sequences =>
  madeUpSequences({ sessions, items: ITEMS, seed, signal, repeats: 0.15, times });

const TRAIN = sessionsOf(400, 1);
const VALID = lastItemCases(sessionsOf(120, 2));
const TEST = lastItemCases(sessionsOf(200, 3));

const fitted = new Map<string, Promise<NextItemModel>>();
/** The model most promises are checked on, fitted once. */
function fittedModel(recommender: Recommender): Promise<NextItemModel> {
  const kept = fitted.get(recommender.id) ?? recommender.fit(TRAIN, VALID, RUN);
  fitted.set(recommender.id, kept);
  return kept;
}

function shuffledRows(rows: number): Int32Array {
  return random(3).shuffle(Int32Array.from({ length: rows }, (_, i) => i));
}

function shuffledCases({ before, targets }: NextItemCases): NextItemCases {
  const rows = shuffledRows(targets.length);
  return { before: takeSequences(before, rows), targets: Int32Array.from(rows, (row) => targets[row]) };
}

/** Mean reciprocal rank among all items, ties against the target. */
async function reciprocalRank(model: NextItemModel, { before, targets }: NextItemCases): Promise<number> {
  const scores = await model.score(before);
  let sum = 0;
  for (let row = 0; row < targets.length; row++) {
    const own = scores.subarray(row * ITEMS, (row + 1) * ITEMS);
    sum += 1 / own.reduce((rank, score) => rank + (score >= own[targets[row]] ? 1 : 0), 0);
  }
  return sum / targets.length;
}

function closeTo(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    if (actual[i] === expected[i]) continue;
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected[i])));
  }
}

/** One sequence, of the model's items or others. */
const history = (items: readonly number[]): Sequences => ({
  entities: ['one'],
  offsets: Uint32Array.of(0, items.length),
  items: Int32Array.from(items),
  itemIds: TRAIN.itemIds,
});

const isSane = (scores: Float32Array): boolean =>
  scores.every((score) => !Number.isNaN(score) && score < Number.POSITIVE_INFINITY);

/** A network is checked small: what it promises does not depend on its size. */
export const SMALL_NETWORK: Settings = {
  width: 16,
  length: 8,
  epochs: 8,
  learningRate: 0.01,
  dropout: 0.1,
  batch: 64,
};

/** Describes the contract of one recommender; to be called from a test file. */
export function describeContract(recommender: Recommender): void {
  describe(recommender.id, () => {
    it('saves the same bytes for the same data, in whatever order the entities come', async () => {
      const first = await fittedModel(recommender);
      const again = await recommender.fit(
        takeSequences(TRAIN, shuffledRows(sequenceCount(TRAIN))),
        shuffledCases(VALID),
        RUN,
      );
      expect(bytesOf(again.save())).toBe(bytesOf(first.save()));
    });

    it('scores the same numbers after saving and loading', async () => {
      const model = await fittedModel(recommender);
      const loaded = loadNextItemModel(throughDisk(model.save()));
      expect(await loaded.score(TEST.before)).toEqual(await model.score(TEST.before));
      expect(loaded.itemIds).toEqual(model.itemIds);
      expect(bytesOf(loaded.save())).toBe(bytesOf(model.save()));
    });

    it('refuses a saved model of another format, another recommender, or with parts missing', async () => {
      const saved = (await fittedModel(recommender)).save();
      expect(() => recommender.load({ ...saved, format: 999 })).toThrow(/format/);
      expect(() => recommender.load({ ...saved, estimator: 'oracle' })).toThrow(AppError);
      expect(() => recommender.load({ ...saved, state: {} })).toThrow(/lacks/);
      expect(() => recommender.load({ ...saved, arrays: {} })).toThrow(AppError);
    });

    it('scores each history on its own: order and company do not matter', async () => {
      const model = await fittedModel(recommender);
      const together = await model.score(TEST.before);
      expect(together.length).toBe(TEST.targets.length * ITEMS);
      const rows = shuffledRows(TEST.targets.length);
      const apart = await model.score(takeSequences(TEST.before, rows));
      rows.forEach((row, at) => {
        closeTo(apart.slice(at * ITEMS, (at + 1) * ITEMS), together.slice(row * ITEMS, (row + 1) * ITEMS));
      });
      for (let row = 0; row < 10; row++) {
        const own = await model.score(takeSequences(TEST.before, [row]));
        closeTo(own, together.slice(row * ITEMS, (row + 1) * ITEMS));
      }
    });

    it('reads only what was done, not who it was', async () => {
      const model = await fittedModel(recommender);
      const masked = { ...TEST.before, entities: TEST.before.entities.map((_, i) => `x${i}`) };
      expect(await model.score(masked)).toEqual(await model.score(TEST.before));
    });

    it('survives unknown items, empty and endless histories, and no histories at all', async () => {
      const model = await fittedModel(recommender);
      const odd = [[], [-1], [-1, 3, -1], [3, 3, 3, 3], Array.from({ length: 3000 }, (_, i) => i % ITEMS)];
      for (const items of odd) {
        const scores = await model.score(history(items));
        expect(scores.length).toBe(ITEMS);
        expect(isSane(scores)).toBe(true);
      }
      expect(await model.score(takeSequences(TEST.before, []))).toEqual(new Float32Array(0));
    });

    it('learns from very little, or says that it is too little', async () => {
      const little = [takeSequences(TRAIN, []), takeSequences(TRAIN, [0]), takeSequences(TRAIN, [0, 1])];
      const unknown = { ...TRAIN, items: new Int32Array(TRAIN.items.length).fill(-1) };
      for (const train of [...little, unknown, { ...history([]), itemIds: [] }]) {
        const outcome = await recommender.fit(train, undefined, RUN).then(
          (model) => model.score(TEST.before),
          (error: unknown) => error,
        );
        if (outcome instanceof Float32Array) expect(isSane(outcome)).toBe(true);
        else expect(outcome).toMatchObject({ code: 'NOT_ENOUGH_DATA' });
      }
    });

    it('does without times and without validation cases', async () => {
      const model = await recommender.fit(sessionsOf(150, 4, true, false), undefined, RUN);
      expect(isSane(await model.score(TEST.before))).toBe(true);
    });

    it('leaves items that occur in no sequence possible', async () => {
      const wider = { ...TRAIN, itemIds: [...TRAIN.itemIds, 'never seen'] };
      const model = await recommender.fit(wider, VALID, RUN);
      const scores = await model.score(takeSequences(TEST.before, [0]));
      expect(scores.length).toBe(ITEMS + 1);
      expect(scores[ITEMS]).toBeGreaterThan(Number.NEGATIVE_INFINITY);
    });

    it('does not beat popularity on noise, and a model beats it on a signal', async () => {
      const noise = { train: sessionsOf(400, 5, false), test: lastItemCases(sessionsOf(600, 6, false)) };
      const popular = recommenderById('popularity');
      const floor = await reciprocalRank(await popular.fit(noise.train, undefined, RUN), noise.test);
      const own = await reciprocalRank(await recommender.fit(noise.train, undefined, RUN), noise.test);
      expect(own).toBeLessThan(floor + 0.05);
      if (recommender.role === 'baseline') return;
      const learned = await reciprocalRank(await fittedModel(recommender), TEST);
      expect(learned).toBeGreaterThan(1.5 * (await reciprocalRank(await fittedModel(popular), TEST)));
    });

    it('has settings of its own kinds and range, and a space to search them in', async () => {
      if (recommender.withSettings)
        expect(() => recommender.withSettings!({ wings: 2 })).toThrow(/no setting "wings"/);
      const { space } = recommender;
      if (!space) return;
      const middle = Object.fromEntries(
        dimensionsOf(space).map((setting) => {
          const dimension = space[setting];
          if (dimension.kind === 'choice') return [setting, dimension.options[0]];
          const value = (dimension.low + dimension.high) / 2;
          return [setting, dimension.integer ? Math.round(value) : value];
        }),
      );
      expect(isPoint(space, middle)).toBe(true);
      const told = recommender.withSettings!(middle);
      expect(told.id).toBe(recommender.id);
      const model = await told.fit(TRAIN, VALID, RUN);
      expect(isSane(await model.score(TEST.before))).toBe(true);
      expect(bytesOf(model.save())).not.toBe(bytesOf((await fittedModel(recommender)).save()));
      const numbers = dimensionsOf(space).filter((setting) => space[setting].kind === 'number');
      for (const setting of numbers) {
        expect(() => recommender.withSettings!({ [setting]: -1e9 })).toThrow(/from/);
      }
    });

    it('reports progress and stops when told to', async () => {
      const steps: ProgressStep[] = [];
      const progress = { step: (step: ProgressStep) => steps.push(step), note() {} };
      await recommender.fit(TRAIN, VALID, { ...RUN, progress });
      expect(steps.length).toBeGreaterThan(0);
      for (const { done, total } of steps)
        expect(done).toBeLessThanOrEqual(total ?? Number.POSITIVE_INFINITY);
      const stopped = recommender.fit(TRAIN, VALID, { ...RUN, signal: AbortSignal.abort() });
      await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });
  });
}
