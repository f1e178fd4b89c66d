// One trunk, many heads: their slopes reach it, a weight of 0 is as good as no head, and what one question teaches helps another.
import { describe, expect, it } from 'vitest';
import { makeFrame, type NumberColumn } from '../../../core/frame.ts';
import { name } from '../../../core/name.ts';
import { silent } from '../../../core/progress.ts';
import { random } from '../../../core/random.ts';
import type { Sequences } from '../../../core/sequences.ts';
import { DAY_MS, HOUR_MS } from '../../../core/time.ts';
import { ROW_METRICS } from '../../../eval/metrics/metric.ts';
import { evenWeights } from '../../../eval/metrics/predictions.ts';
import { fitModel } from '../../catalogue.ts';
import type { Sample } from '../../estimator.ts';
import { eventColumnsOf, type MadeUpEvent } from '../../made-up-events.ts';
import { behaviourEstimator } from '../behaviour.ts';
import { historiesOf, learnVocabulary } from '../histories.ts';
import { METHODS, type Method } from '../methods.ts';
import { pastHistories } from '../past-histories.ts';
import { type LearnedTrunk, pretrainTrunk } from '../pretrain.ts';
import { behaviourSettings, trunkSettings } from '../settings.ts';
import { type TaughtQuestion, teachTrunk } from './teach-trunk.ts';

const RUN = { seed: 3, threads: 1, progress: silent };
const AS_OF = Date.UTC(2024, 0, 1);
const LENGTH = 8;
const SETTINGS = trunkSettings(
  behaviourSettings('trunk', { width: 16, blocks: 1, length: LENGTH, heads: 2 }),
);

/** Six events, a search and a cart among views: which of the two came first is all that outcomes depend on. */
function shopOf(customers: number, seed: number) {
  const draws = random(seed);
  const isCartFirst = new Uint8Array(customers);
  const histories = Array.from({ length: customers }, (_, row) => {
    const [first, second] = draws.shuffle([0, 1, 2, 3, 4, 5]).slice(0, 2).sort();
    isCartFirst[row] = Number(draws.uniform() < 0.5);
    const [one, other] = isCartFirst[row] ? ['add_to_cart', 'search'] : ['search', 'add_to_cart'];
    let timeMs = AS_OF - 5 * DAY_MS;
    return Array.from({ length: 6 }, (_, at): MadeUpEvent => {
      timeMs += HOUR_MS * (1 + 10 * draws.uniform());
      const type = at === first ? one : at === second ? other : 'view';
      return { type, item: `item ${draws.integer(10)}`, category: 'shelf', timeMs, priceMinor: 100 };
    });
  });
  const luck: NumberColumn = {
    ...{ kind: 'number', name: 'luck', label: name('Luck', '运气'), unit: 'none', group: 'luck' },
    values: Float64Array.from({ length: customers }, () => draws.normal()),
  };
  const frame = makeFrame([luck, ...eventColumnsOf(histories, new Float64Array(customers).fill(AS_OF))]);
  const outcome = (chance: readonly [number, number], stream: string) => {
    const drawn = random(seed).fork(stream);
    return Float64Array.from(isCartFirst, (cart) => Number(drawn.uniform() < chance[cart]));
  };
  return { frame, customers, outcome };
}

const shop = shopOf(1500, 1);
const vocabulary = learnVocabulary(shop.frame);
const rows = Int32Array.from({ length: shop.customers }, (_, row) => row);
const past = pastHistories(shop.frame, vocabulary, { rows, most: LENGTH });
const pretrained: Promise<LearnedTrunk> = pretrainTrunk(past.histories, {
  ...{ id: 'trunk', vocabulary, settings: SETTINGS, steps: 20, epochs: 5, run: RUN },
}).then(({ trunk }) => trunk);
const histories: Sequences = historiesOf(shop.frame, vocabulary, LENGTH);

const everybody = new Uint8Array(shop.customers).fill(1);
const leaves: TaughtQuestion = {
  ...{ name: 'leaves', kind: 'binary', weight: 1, asked: everybody },
  target: shop.outcome([0.9, 0.1], 'leaves'),
};
const spends: TaughtQuestion = {
  ...{ name: 'spends', kind: 'amount', weight: 0.5 },
  asked: everybody.map((_, row) => Number(row % 3 > 0)),
  target: shop.outcome([0.1, 0.8], 'spends').map((spent, row) => spent * (500 + (row % 7) * 100)),
};
const luck: TaughtQuestion = { ...leaves, name: 'luck', target: shop.outcome([0.4, 0.4], 'luck') };
const taught = async (questions: readonly TaughtQuestion[], steps: number, epochs = 40) =>
  teachTrunk(await pretrained, histories, questions, { id: 'trunk', steps, epochs, run: RUN });

const moved = (before: LearnedTrunk, after: LearnedTrunk): string[] =>
  Object.keys(before.values).filter((name) => String(before.values[name]) !== String(after.values[name]));

describe('a trunk with many heads', () => {
  it('is moved by the slopes of each head, down to the tables of events', async () => {
    const before = await pretrained;
    for (const question of [leaves, spends]) {
      const { trunk, losses } = await taught([question], 3);
      expect(losses.length).toBe(3);
      expect(moved(before, trunk)).toEqual(
        expect.arrayContaining(['trunk.types', 'trunk.item.weight', 'trunk.positions.weight']),
      );
      expect(Object.keys(trunk.values).sort()).toEqual(Object.keys(before.values).sort());
    }
  });

  it('begins each loss near 1, so that none drowns another, and brings their mean down', async () => {
    const { losses } = await taught([leaves, spends], 300);
    expect(losses[0]).toBeGreaterThan(0.8);
    expect(losses[0]).toBeLessThan(1.2);
    const last = losses.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20;
    expect(last).toBeLessThan(0.8);
  });

  it('leaves the trunk as without a head whose weight is 0', async () => {
    const without = await taught([leaves], 5);
    const silenced = await taught([leaves, { ...spends, weight: 0 }], 5);
    expect(silenced.trunk).toEqual(without.trunk);
    const heard = await taught([leaves, spends], 5);
    expect(moved(without.trunk, heard.trunk).length).toBeGreaterThan(5);
  });

  it('helps a question with few labels where the others are of its kind', async () => {
    const asked = shopOf(800, 2);
    const buys = asked.outcome([0.1, 0.9], 'buys');
    const sample = (of: typeof asked, target: Float64Array): Sample => ({
      question: { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 },
      frame: of.frame,
      entities: Array.from({ length: of.customers }, (_, row) => `customer ${row}`),
      asOf: new Float64Array(of.customers).fill(AS_OF),
      target,
    });
    const few = shopOf(60, 3);
    const labels = sample(few, few.outcome([0.1, 0.9], 'buys'));
    const frozen = METHODS.find(({ id }) => id === 'transformer:frozen') as Method;
    const area = async (trunk: LearnedTrunk): Promise<number> => {
      const told = behaviourEstimator(frozen, { tuneSteps: 150, tuneEpochs: 60, dropout: 0, patience: 50 });
      const model = await fitModel(told.withTrunk(trunk), labels, undefined, RUN);
      const predicted = await model.predict(asked.frame);
      return ROW_METRICS.roc_auc.prepare({ actual: buys, predicted })(evenWeights(buys.length));
    };
    const [related, unrelated] = [await taught([leaves, spends], 300), await taught([luck], 60)];
    const helped = await area(related.trunk);
    // One who knows the law reaches .9.
    expect(helped).toBeGreaterThan(0.85);
    expect(helped).toBeGreaterThan((await area(unrelated.trunk)) + 0.1);
  });

  it('refuses weights that say nothing and outcomes that are all alike', async () => {
    await expect(taught([{ ...leaves, weight: 0 }], 1)).rejects.toThrow(/weights of at least 0/);
    const alike = { ...leaves, target: new Float64Array(shop.customers) };
    await expect(taught([alike], 1)).rejects.toThrow(/expected both outcomes of "leaves"/);
  });
});
