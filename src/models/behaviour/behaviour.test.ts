// What sets these models apart: they read order, each method moves its own weights, and nothing odd in a history stops them.
import { describe, expect, it } from 'vitest';
import { EVENT_SEQUENCES } from '../../core/event-sequences.ts';
import {
  findColumn,
  makeFrame,
  type NumberColumn,
  type SequenceColumn,
  withColumn,
} from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { ROW_METRICS } from '../../eval/metrics/metric.ts';
import { evenWeights } from '../../eval/metrics/predictions.ts';
import { fitModel, loadModel } from '../catalogue.ts';
import type { FitRun, Question, Sample, SavedModel, Settings } from '../estimator.ts';
import { eventColumnsOf, type MadeUpEvent } from '../made-up-events.ts';
import { behaviourEstimator } from './behaviour.ts';
import { FULL, METHODS, type Method } from './methods.ts';

const RUN: FitRun = { seed: 3, threads: 1, progress: silent };
const AS_OF = Date.UTC(2024, 0, 1);
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };
const SMALL: Settings = {
  ...{ width: 16, blocks: 1, length: 8, hidden: 16, dropout: 0 },
  ...{ pretrainSteps: 40, tuneSteps: 260, tuneEpochs: 40, tuneRate: 0.003, patience: 30 },
};

/** Six events, a search and a cart among views: who searched after the cart buys, and nothing but the order tells. */
function orderSample(customers: number, seed: number): Sample {
  const draws = random(seed);
  const histories: MadeUpEvent[][] = [];
  const target = new Float64Array(customers);
  for (let row = 0; row < customers; row++) {
    const [first, second] = draws.shuffle([0, 1, 2, 3, 4, 5]).slice(0, 2).sort();
    const isCartFirst = draws.uniform() < 0.5;
    const special = new Map([
      [first, isCartFirst ? 'add_to_cart' : 'search'],
      [second, isCartFirst ? 'search' : 'add_to_cart'],
    ]);
    let timeMs = AS_OF - 5 * DAY_MS;
    histories.push(
      Array.from({ length: 6 }, (_, at): MadeUpEvent => {
        timeMs += HOUR_MS * (1 + 10 * draws.uniform());
        const item = draws.integer(10);
        return {
          type: special.get(at) ?? 'view',
          ...{ item: `item ${item}`, category: `shelf ${item % 3}`, timeMs, priceMinor: 100 * (1 + item) },
        };
      }),
    );
    target[row] = Number(draws.uniform() < (isCartFirst ? 0.9 : 0.1));
  }
  const luck: NumberColumn = {
    ...{ kind: 'number', name: 'luck', label: name('Luck', '运气'), unit: 'none', group: 'luck' },
    values: Float64Array.from({ length: customers }, () => draws.normal()),
  };
  const asOf = new Float64Array(customers).fill(AS_OF);
  return {
    question: BUYS,
    frame: makeFrame([luck, ...eventColumnsOf(histories, asOf)]),
    entities: Array.from({ length: customers }, (_, row) => `customer ${String(row).padStart(5, '0')}`),
    ...{ asOf, target },
  };
}

const told = (method: Method, settings: Settings = {}) =>
  behaviourEstimator(method, { ...SMALL, ...settings });
const train = orderSample(1200, 1);
const test = orderSample(1000, 2);
const few = orderSample(300, 1);

const area = (predicted: Float64Array): number =>
  ROW_METRICS.roc_auc.prepare({ actual: test.target, predicted })(evenWeights(test.target.length));

/** Weights of a saved model by name. */
const weightsOf = ({ arrays = {} }: SavedModel): ReadonlyMap<string, Float32Array> =>
  new Map(
    Object.entries(arrays).flatMap(([key, array]) =>
      key.startsWith('weight.') ? [[key.slice('weight.'.length), array as Float32Array] as const] : [],
    ),
  );

const changed = (
  before: ReadonlyMap<string, Float32Array>,
  after: ReadonlyMap<string, Float32Array>,
): string[] => [...after.keys()].filter((key) => String(before.get(key)) !== String(after.get(key)));

describe('a behaviour transformer', () => {
  const fitted = fitModel(told(FULL), train, undefined, RUN);

  it('reads the order of events, which no feature tells', async () => {
    const predicted = await (await fitted).predict(test.frame);
    // One who knows the law reaches .9.
    expect(area(predicted)).toBeGreaterThan(0.8);
  });

  it('answers the same of a frame asked again with other features, read afresh or not', async () => {
    const model = await fitted;
    await model.predict(test.frame);
    const luck = findColumn(test.frame, 'luck') as NumberColumn;
    const other = withColumn(test.frame, { ...luck, values: luck.values.map((value) => -value) });
    const remembered = await model.predict(other);
    expect(await loadModel(model.save()).predict(other)).toEqual(remembered);
  });

  it('meets items, types and pauses it never saw, no events at all, and more than it looks back on', async () => {
    const event = (type: string, item: string, age: number): MadeUpEvent => ({
      ...{ type, item, category: 'attic', timeMs: AS_OF - age, priceMinor: 7 },
    });
    const long = Array.from({ length: 40 }, (_, i) => event('view', 'item 1', (41 - i) * HOUR_MS));
    const histories = [[], [event('dance', 'item 99', 1)], long, long.slice(-7)];
    const frame = makeFrame([
      { ...(findColumn(test.frame, 'luck') as NumberColumn), values: new Float64Array(4) },
      ...eventColumnsOf(histories, new Float64Array(4).fill(AS_OF)),
    ]);
    const predicted = await (await fitted).predict(frame);
    expect(predicted.every((p) => p > 0 && p < 1)).toBe(true);
    // Seven events and the moment of asking are all it looks at.
    expect(predicted[2]).toBe(predicted[3]);
  });

  it('lines columns up from their newest end where one was exchanged for a shorter', async () => {
    const types = findColumn(test.frame, EVENT_SEQUENCES.items) as SequenceColumn;
    const lost = { ...types, codes: new Int32Array(0), offsets: new Uint32Array(types.offsets.length) };
    const predicted = await (await fitted).predict(withColumn(test.frame, lost));
    expect(area(predicted)).toBeGreaterThan(0.7);
  });

  it('stays calibrated where rare outcomes weigh more', async () => {
    const rare = { ...train, target: train.target.map((y, row) => (row % 3 === 0 ? y : 0)) };
    const model = await fitModel(told(FULL, { balance: 1 }), rare, undefined, RUN);
    const predicted = await model.predict(train.frame);
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(predicted)).toBeGreaterThan(0.8 * mean(rare.target));
    expect(mean(predicted)).toBeLessThan(1.25 * mean(rare.target));
  });
});

describe.each(METHODS.map((method) => ({ id: method.id, method })))('$id', ({ id, method }) => {
  const brief = { pretrainSteps: 4, tuneSteps: 8 };

  it('moves its own weights and no others, and is read back as it was', async () => {
    const before = weightsOf(
      (await fitModel(told(method, { ...brief, tuneRate: 1e-6 }), few, undefined, RUN)).save(),
    );
    const model = await fitModel(told(method, brief), few, undefined, RUN);
    const moved = changed(before, weightsOf(model.save())).filter((key) => !key.startsWith('head.'));
    const kinds: Readonly<Record<string, (key: string) => boolean>> = {
      'transformer:frozen': () => false,
      'transformer:last-1': (key) => /\.blocks\.0\.|\.body\.norm\./.test(key),
      'transformer:lora': (key) => /\.lora(Down|Up)$/.test(key),
      'transformer:adapters': (key) => key.includes('.adapter.'),
      'transformer:prefix': (key) => key.includes('.prefix.'),
    };
    const isMeant = kinds[id] ?? (() => true);
    expect(moved.filter((key) => !isMeant(key))).toEqual([]);
    expect(moved.length > 0).toBe(id !== 'transformer:frozen');
    const loaded = loadModel(model.save());
    expect(await loaded.predict(test.frame)).toEqual(await model.predict(test.frame));
  });
});

it('a trunk handed in is used as it is', async () => {
  const learned = weightsOf(
    (await fitModel(told(METHODS[1], { pretrainSteps: 40 }), few, undefined, RUN)).save(),
  );
  const drawn = weightsOf(
    (await fitModel(told(METHODS[1], { pretrainSteps: 0 }), few, undefined, RUN)).save(),
  );
  expect(changed(drawn, learned)).toContain('trunk.item.weight');
});
