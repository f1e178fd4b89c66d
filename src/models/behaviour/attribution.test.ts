// Behaviour models explained: what events are worth adds up, names the cause where it is known, and its deletion is felt.
import { describe, expect, it } from 'vitest';
import { findColumn, makeFrame, takeRows } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { deletionTest } from '../../eval/deletion-test.ts';
import type { Model, Sample } from '../estimator.ts';
import type { EventAttribution } from '../event-attribution.ts';
import { eventColumnsOf, type MadeUpEvent } from '../made-up-events.ts';
import { MISSED_SHARE } from '../sequence/attribution/integrated-gradients.ts';
import { behaviourEstimator } from './behaviour.ts';
import { METHODS } from './methods.ts';
import { fromNewest, withoutEvents } from './without-events.ts';

const RUN = { seed: 4, threads: 1, progress: silent };
const HOUR_MS = 3_600_000;

/** Half of all put something into the cart, and of them most buy; of the others few. Nothing else they did says anything. */
function cartSample(rows: number, seed: number, kind: 'binary' | 'amount' = 'binary') {
  const draws = random(seed);
  const histories: MadeUpEvent[][] = [];
  const target = new Float64Array(rows);
  const mood = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const length = 8 + draws.integer(7);
    const cart = draws.uniform() < 0.5 ? draws.integer(length) : -1;
    mood[row] = draws.normal();
    histories.push(
      Array.from({ length }, (_, at) => ({
        type: at === cart ? 'cart' : 'view',
        item: `i${draws.integer(12)}`,
        category: 'all',
        timeMs: -HOUR_MS * (length - at + draws.uniform() / 2),
        priceMinor: 100,
      })),
    );
    const logit = (cart >= 0 ? 2.5 : -2.5) + mood[row];
    const spends = draws.uniform() < 1 / (1 + Math.exp(-logit));
    target[row] = spends ? (kind === 'binary' ? 1 : 1000 * Math.exp(draws.normal() / 4)) : 0;
  }
  const frame = makeFrame([
    {
      ...{ kind: 'number', name: 'mood', label: name('mood', '心情'), unit: 'score', group: 'mood' },
      values: mood,
    },
    ...eventColumnsOf(histories, new Float64Array(rows)),
  ]);
  const entities = Array.from({ length: rows }, (_, row) => `c${row}`);
  const outcome = kind === 'binary' ? 'buys' : 'revenue';
  const question = { kind, outcome, horizonDays: 30, discountPerYear: 0 } as const;
  const sample: Sample = { question, frame, entities, asOf: new Float64Array(rows), target };
  return { sample, carts: histories.map((events) => events.findIndex(({ type }) => type === 'cart')) };
}

const settings = {
  ...{ width: 16, blocks: 2, length: 16, pretrainSteps: 0 },
  ...{ tuneSteps: 150, tuneRate: 0.006, batch: 32 },
};

async function fitted(id: string, sample: Sample, changes = {}): Promise<Model> {
  const method = METHODS.find((one) => one.id === id)!;
  return behaviourEstimator(method, { ...settings, ...changes }).fit(sample, undefined, RUN);
}

/** The largest error of the sums, as a share of the difference they explain. */
async function worstMiss(model: Model, { frame }: Sample): Promise<number> {
  return missOf(await model.attributeEvents!(frame), await model.margin(frame));
}

function missOf(told: EventAttribution, margins: Float64Array): number {
  const { offsets, events, asking, features, values, base } = told;
  const misses = Array.from(margins, (margin, row) => {
    let sum = base[row] + asking[row];
    for (const worth of events.subarray(offsets[row], offsets[row + 1])) sum += worth;
    for (let f = 0; f < features.length; f++) sum += values[row * features.length + f];
    return Math.abs(margin - sum) / Math.max(0.1, Math.abs(margin - base[row]));
  });
  return Math.max(...misses);
}

/** And a thousandth for what the model's own margin, summed in double precision, differs by. */
const TOLERANCE = MISSED_SHARE + 0.001;

describe('what events are worth', () => {
  const asked = cartSample(16, 2);
  const { frame } = asked.sample;
  const learned = fitted('transformer', cartSample(1000, 1).sample);
  const told = learned.then((model) => model.attributeEvents!(frame));

  it('adds up with the features to what sets the margin apart, within a hundredth', async () => {
    expect(missOf(await told, await (await learned).margin(frame))).toBeLessThan(TOLERANCE);
  });

  it('names the cause, and what is known not to matter as worth little', async () => {
    const { offsets, events } = await told;
    const withCart = asked.carts.flatMap((cart, row) => (cart >= 0 ? [{ cart, row }] : []));
    expect(withCart.length).toBeGreaterThan(5);
    let [cause, others, counted] = [0, 0, 0];
    for (const { cart, row } of withCart) {
      const own = [...events.subarray(offsets[row], offsets[row + 1])];
      const [worth] = own.splice(cart, 1);
      expect(worth).toBeGreaterThan(Math.max(...own.map(Math.abs)));
      cause += worth / withCart.length;
      others += own.reduce((sum, other) => sum + Math.abs(other), 0);
      counted += own.length;
    }
    // The law itself says 5; a small model learns a good part of it.
    expect(cause).toBeGreaterThan(2.5);
    expect(others / counted).toBeLessThan(cause / 10);
  });

  it('gives a feature beside them its part, by its sign', async () => {
    const { features, values } = await told;
    expect(features).toEqual(['mood']);
    const mood = findColumn(frame, 'mood');
    expect(mood?.kind).toBe('number');
    if (mood?.kind === 'number')
      values.forEach((worth, row) => {
        if (Math.abs(mood.values[row]) > 0.5)
          expect(worth * Math.sign(mood.values[row])).toBeGreaterThan(0.1);
      });
  });

  it('has attention beside it, of which more than an even share comes from the cause', async () => {
    const { offsets, attention } = await told;
    let seen = 0;
    let even = 0;
    asked.carts.forEach((cart, row) => {
      const own = attention!.subarray(offsets[row], offsets[row + 1]);
      const sum = own.reduce((all, share) => all + share, 0);
      expect(sum).toBeLessThan(1);
      expect(sum).toBeGreaterThan(0.4);
      if (cart < 0) return;
      seen += own[cart];
      even += 1 / (own.length + 1);
    });
    expect(seen).toBeGreaterThan(1.3 * even);
  });

  it('is the same asked alone as among others', async () => {
    const all = await told;
    const alone = await (await learned).attributeEvents!(takeRows(frame, [2]));
    expect(alone.events).toEqual(all.events.slice(all.offsets[2], all.offsets[3]));
  });

  it('is true to the model: without the three events worth most the margin moves thrice as far as without any three', async () => {
    const model = await learned;
    const { offsets, events } = await told;
    const figures = await deletionTest(
      {
        ...{ offsets, worth: events, answers: await model.margin(frame) },
        without: async (removed) => model.margin(withoutEvents(frame, fromNewest(removed, offsets))),
      },
      { seed: 3 },
    );
    expect(figures.rows).toBe(frame.rows);
    expect(figures.ratio).toBeGreaterThan(3);
  });
});

describe('what events are worth to a model', () => {
  const few = cartSample(3, 3).sample;
  const short = { tuneSteps: 10 };

  it('adds up where weights of a method stand beside the trunk’s own', async () => {
    for (const id of ['transformer:lora', 'transformer:prefix', 'transformer:adapters'])
      expect(await worstMiss(await fitted(id, cartSample(150, 1).sample, short), few)).toBeLessThan(
        TOLERANCE,
      );
  });

  it('adds up on the logarithm of an amount', async () => {
    const model = await fitted('transformer', cartSample(150, 1, 'amount').sample, short);
    expect(model.link).toBe('log');
    expect(await worstMiss(model, few)).toBeLessThan(TOLERANCE);
  });
});
