// Why an item: what events are worth adds up to the score, names the cause where it is known, and its deletion is felt.
import { describe, expect, it } from 'vitest';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import { type NextItemCases, type Sequences, takeSequences } from '../../../core/sequences.ts';
import { deletionTest } from '../../../eval/deletion-test.ts';
import type { Settings } from '../../estimator.ts';
import { recommenderById } from '../catalogue.ts';
import { lastItemCases, madeUpSequences } from '../made-up-sequences.ts';
import type { NextItemModel } from '../recommender.ts';
import { MISSED_SHARE } from './integrated-gradients.ts';
import { withoutPlaces } from './kept-events.ts';
import { leaveOut } from './left-out.ts';

const RUN = { seed: 2, threads: 1, progress: silent };
const KEYS = 4;
const NOISE = 12;

/**
 * Keys lie among things that say nothing; any moment after, what the last key opens may come, once. Histories end where
 * something was opened, and are cut to the newest events.
 */
function keySequences(count: number, seed: number, most = 40) {
  const draws = random(seed);
  const keyAt: number[] = [];
  const histories: number[][] = [];
  while (histories.length < count) {
    const events: number[] = [];
    let at = -1;
    for (;;) {
      const chance = draws.uniform();
      if (at >= 0 && chance < 0.25) {
        events.push(KEYS + events[at]);
        if (events.length >= 24) break;
        at = -1;
      } else if (chance > 0.85) at = events.push(draws.integer(KEYS)) - 1;
      else events.push(2 * KEYS + draws.integer(NOISE));
    }
    const from = Math.max(0, events.length - most);
    if (at < from) continue;
    histories.push(events.slice(from));
    keyAt.push(at - from);
  }
  const offsets = new Uint32Array(count + 1);
  histories.forEach((history, row) => {
    offsets[row + 1] = offsets[row] + history.length;
  });
  const sequences: Sequences = {
    entities: histories.map((_, row) => `e${row}`),
    ...{ offsets, items: Int32Array.from(histories.flat()) },
    itemIds: Array.from({ length: 2 * KEYS + NOISE }, (_, item) => `item ${item}`),
  };
  return { sequences, keyAt };
}

const settings = { width: 16, dropout: 0, epochs: 14, learningRate: 0.01, batch: 64, length: 20 };

const fitted = async (id: string, train: Sequences, told: Settings = settings): Promise<NextItemModel> =>
  recommenderById(id).withSettings!(told).fit(train, undefined, RUN);

/** The largest error of the sums as a share of what they explain, and of the scores against the model's own. */
async function worstMiss(model: NextItemModel, { before, targets }: NextItemCases): Promise<number> {
  const { offsets, events, base, margins } = await model.attribute!(before, targets);
  const scores = await model.score(before);
  const misses = Array.from(targets, (target, row) => {
    const score = scores[row * model.itemIds.length + target];
    expect(Math.abs(margins[row] - score)).toBeLessThan(1e-4 * Math.max(1, Math.abs(score)));
    const sum = events.slice(offsets[row], offsets[row + 1]).reduce((all, worth) => all + worth, base[row]);
    return Math.abs(score - sum) / Math.max(0.1, Math.abs(score - base[row]));
  });
  return Math.max(...misses);
}

const TOLERANCE = MISSED_SHARE + 0.002;

describe('why an item', () => {
  const asked = keySequences(20, 2, 16);
  const cases = lastItemCases(asked.sequences);
  const learned = fitted('transformer', keySequences(500, 1).sequences);
  const told = learned.then((model) => model.attribute!(cases.before, cases.targets));

  it('adds up to what sets the item’s score apart from that of a history of nothing known', async () => {
    expect(await worstMiss(await learned, cases)).toBeLessThan(TOLERANCE);
  });

  it('is the event that the item came of, in nearly every history', async () => {
    const { offsets, events } = await told;
    const right = asked.keyAt.filter((at, row) => {
      const own = events.subarray(offsets[row], offsets[row + 1]);
      return own.indexOf(Math.max(...own)) === at;
    });
    expect(right.length).toBeGreaterThanOrEqual(18);
  });

  it('is felt when it is deleted: the score moves thrice as far as without any three events', async () => {
    const model = await learned;
    const { offsets, events, margins } = await told;
    const scoreOf = async (before: Sequences): Promise<Float64Array> => {
      const scores = await model.score(before);
      return Float64Array.from(cases.targets, (target, row) => scores[row * model.itemIds.length + target]);
    };
    const figures = await deletionTest(
      {
        ...{ offsets, worth: events, answers: margins },
        without: (removed) => scoreOf(withoutPlaces(cases.before, removed)),
      },
      { seed: 5, order: 'gain' },
    );
    expect(figures.rows).toBe(20);
    expect(figures.ratio).toBeGreaterThan(3);
  });

  it('is also seen by leaving events out, of any model', async () => {
    for (const model of [
      await learned,
      await recommenderById('item-knn').fit(keySequences(500, 1).sequences, undefined, RUN),
    ]) {
      let right = 0;
      for (let row = 0; row < 10; row++) {
        const one = takeSequences(cases.before, [row]);
        const { place, places, events } = await leaveOut(model, one, cases.targets[row]);
        expect(places.length).toBe(one.items.length);
        expect(place).toBeGreaterThanOrEqual(1);
        if (events.indexOf(Math.max(...events)) === asked.keyAt[row]) right++;
      }
      expect(right).toBeGreaterThanOrEqual(8);
    }
  });
});

describe('what events are worth to an item', () => {
  const walks = madeUpSequences({ sessions: 120, items: 12, seed: 1, signal: true, repeats: 0.3 });
  const few = lastItemCases(
    takeSequences(
      walks,
      Int32Array.from({ length: 6 }, (_, row) => row),
    ),
  );
  const short = { width: 8, epochs: 1, batch: 32, length: 10 };

  it('adds up for networks of every kind, with moments and repeats', async () => {
    for (const id of ['transformer', 'gru', 'cnn', 'mlp'])
      expect(await worstMiss(await fitted(id, walks, short), few)).toBeLessThan(TOLERANCE);
  });

  it('adds up for hidden events, cosines, and a committee', async () => {
    const kinds: readonly Settings[] = [{ masked: true }, { temperature: 0.2 }, { members: 2 }];
    for (const told of kinds)
      expect(await worstMiss(await fitted('transformer', walks, { ...short, ...told }), few)).toBeLessThan(
        TOLERANCE,
      );
  });
});
