// Attributions put together: of several models they stay in step from the newest event, and sums stay sums on any scale.
import { describe, expect, it } from 'vitest';
import type { Frame } from '../core/frame.ts';
import { ensembleModel } from './ensemble/ensemble-model.ts';
import { fromMargin, type Model, type Question } from './estimator.ts';
import { carryEventAttribution, type EventAttribution, sumEventAttributions } from './event-attribution.ts';

const question: Question = { kind: 'binary', outcome: 'buys', horizonDays: 30, discountPerYear: 0 };

/** One row of events and one feature. */
function attributionOf(
  events: readonly number[],
  {
    base,
    asking = 0,
    feature = 'f',
    value = 0,
    attention,
  }: Partial<Record<'base' | 'asking' | 'value', number>> & {
    feature?: string;
    attention?: readonly number[];
  },
): EventAttribution {
  const from = base ?? 0;
  return {
    offsets: Uint32Array.of(0, events.length),
    events: Float64Array.from(events),
    ...(attention && { attention: Float64Array.from(attention) }),
    asking: Float64Array.of(asking),
    features: [feature],
    values: Float64Array.of(value),
    base: Float64Array.of(from),
    margins: Float64Array.of(from + events.reduce((sum, one) => sum + one, 0) + asking + value),
    unexplained: Float64Array.of(0),
  };
}

const sumOf = ({ base, events, asking, values, unexplained }: EventAttribution): number =>
  [...base, ...events, ...asking, ...values, ...unexplained].reduce((sum, one) => sum + one, 0);

const frame: Frame = { rows: 1, columns: [], currency: '' };

const modelOf = (link: Model['link'], margin: number, attribution?: EventAttribution): Model => ({
  ...{ estimator: 'made-up', question, link, inputs: [] },
  margin: async () => Float64Array.of(margin),
  predict: async () => fromMargin(link, Float64Array.of(margin)),
  ...(attribution && { attributeEvents: async () => attribution }),
  save: () => ({ estimator: 'made-up', format: 1, state: null }),
});

describe('attributions of several models', () => {
  const long = attributionOf([1, 2, 3], { base: 0.5, asking: 0.1, value: 0.4, attention: [0.2, 0.3, 0.4] });
  const short = attributionOf([10, 20], { base: -1, feature: 'g', value: 5, attention: [0.1, 0.8] });

  it('are matched from the newest event on', () => {
    const sum = sumEventAttributions([
      { attribution: long, weight: 1 },
      { attribution: short, weight: 0.5 },
    ]);
    expect([...sum.events]).toEqual([1, 2 + 5, 3 + 10]);
    expect(sum.features).toEqual(['f', 'g']);
    expect([...sum.values]).toEqual([0.4, 2.5]);
    expect(sum.margins[0]).toBeCloseTo(sumOf(sum), 12);
  });

  it('have attention averaged by weight, among those that attend', () => {
    const { attention: _, ...blind } = short;
    const sum = sumEventAttributions([
      { attribution: long, weight: 1 },
      { attribution: short, weight: 3 },
      { attribution: blind, weight: 5 },
    ]);
    expect([...(sum.attention ?? [])].map((share) => Math.round(1000 * share))).toEqual([50, 150, 700]);
  });

  it('add up on another scale too', () => {
    const carried = carryEventAttribution(long, (margins) => margins.map(Math.exp));
    expect(carried.base[0]).toBeCloseTo(Math.exp(0.5), 12);
    expect(carried.margins[0]).toBeCloseTo(Math.exp(7), 9);
    expect(sumOf(carried)).toBeCloseTo(Math.exp(7), 9);
    expect(carried.events[2] / carried.events[0]).toBeCloseTo(3, 12);
  });
});

describe('an ensemble with a member that reads events', () => {
  const own = attributionOf([1, 2], { base: 0.5 });
  const members = [modelOf('logit', 3.5, own), modelOf('logit', -2)];

  it('explains them by its part, the others standing in the base', async () => {
    const both = ensembleModel('mean', { question, intercept: 0.25, weights: [0.5, 0.5], members });
    const told = await both.attributeEvents!(frame);
    expect([...told.events]).toEqual([0.5, 1]);
    expect(told.base[0]).toBeCloseTo(0.25 + 0.25 - 1, 12);
    expect(told.margins[0]).toBeCloseTo((await both.margin(frame))[0], 12);
    expect(sumOf(told)).toBeCloseTo(told.margins[0], 12);
  });

  it('carries a logarithm of an amount over to amounts', async () => {
    const amounts: Question = { ...question, kind: 'amount', outcome: 'revenue' };
    const both = ensembleModel('mean', {
      ...{ question: amounts, intercept: 0, weights: [0.5, 0.5] },
      members: [modelOf('log', 3.5, own), modelOf('identity', 40)],
    });
    const told = await both.attributeEvents!(frame);
    expect(told.margins[0]).toBeCloseTo((await both.margin(frame))[0], 9);
    expect(sumOf(told)).toBeCloseTo(told.margins[0], 9);
    expect(told.events[1]).toBeCloseTo(2 * told.events[0], 12);
  });

  it('says nothing of events where no member reads them', () => {
    const plain = ensembleModel('mean', { question, intercept: 0, weights: [1], members: [members[1]] });
    expect(plain.attributeEvents).toBeUndefined();
  });
});
