// A forecast's two ends: a pair of probabilities, or the model's own band at the level of the amounts it stands beside.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import { fitVennAbers, vennAbersPair } from '../eval/calibration/venn-abers.ts';
import { fitConformalQuantile } from '../eval/conformal-quantile.ts';
import { forecast, intervalMethod } from './calibrated.ts';
import type { Model, Question } from './estimator.ts';

const ROWS = 400;
const question = (kind: 'binary' | 'amount'): Question => ({
  kind,
  outcome: kind === 'binary' ? 'buys' : 'revenue',
  horizonDays: 30,
  discountPerYear: 0,
});

/** Says what it is told to. */
const saying = (
  kind: 'binary' | 'amount',
  said: Float64Array,
  band?: { low: Float64Array; high: Float64Array },
) =>
  ({
    estimator: 'spoken',
    question: question(kind),
    link: kind === 'binary' ? 'logit' : 'identity',
    inputs: [],
    predict: async () => said,
    margin: async () => said,
    ...(band && { band: async () => ({ level: 0.9, ...band }) }),
    save: () => ({ estimator: 'spoken', format: 1, state: {} }),
  }) as Model;

const frame = makeFrame([], { rows: ROWS });
const asOf = new Float64Array(ROWS);

describe('a probability', () => {
  it('stands between the pair of its score, whatever calibrated it', async () => {
    const stream = random(1);
    const score = Float64Array.from({ length: ROWS }, () => stream.uniform());
    const steps = fitVennAbers({
      actual: score.map((p) => (stream.uniform() < p ? 1 : 0)),
      predicted: score,
    });
    const corrections = {
      calibrator: { method: 'platt', intercept: -1, slope: 1 } as const,
      probabilityInterval: steps,
    };
    const { value, low, high } = await forecast({ model: saying('binary', score), corrections }, frame, asOf);
    expect(intervalMethod(corrections)).toBe('venn-abers');
    for (let i = 0; i < ROWS; i++) {
      const { p0, p1 } = vennAbersPair(steps, score[i]);
      expect(low?.[i]).toBe(Math.min(p0, value[i]));
      expect(high?.[i]).toBe(Math.max(p1, value[i]));
    }
  });

  it('over a horizon nobody checked has none', async () => {
    const score = new Float64Array(ROWS).fill(0.5);
    const steps = fitVennAbers({ actual: Float64Array.of(0, 1), predicted: Float64Array.of(0.2, 0.8) });
    const model = saying('binary', score);
    const extended = { ...model, question: { ...model.question, horizonDays: 365 } };
    const answers = await forecast(
      { model, extended, corrections: { probabilityInterval: steps } },
      frame,
      asOf,
    );
    expect(answers.low).toBeUndefined();
  });
});

describe('an amount', () => {
  it('has the ends of its own band, brought to its level and held around it', async () => {
    const stream = random(2);
    const said = Float64Array.from({ length: ROWS }, () => 100 * stream.uniform());
    const band = { low: said.map((x) => x * 0.5), high: said.map((x) => x * 1.5) };
    const doubled = (values: Float64Array) => values.map((x) => 2 * x);
    const actual = said.map((x) => 2 * x * (0.4 + 1.3 * stream.uniform()));
    const level = { factor: 2, measured: 2, standardError: 0, origins: 1, words: name('twice', '两倍') };
    const interval = fitConformalQuantile(
      { actual, band: { low: doubled(band.low), high: doubled(band.high) } },
      { level: 0.9, sides: 'each' },
    );
    const corrections = { interval, level };
    const answers = await forecast({ model: saying('amount', said, band), corrections }, frame, asOf);
    expect(intervalMethod(corrections)).toBe('conformal-quantile');
    expect(answers.value[0]).toBeCloseTo(2 * said[0], 9);
    const inside = actual.filter(
      (x, i) => x >= (answers.low?.[i] as number) && x <= (answers.high?.[i] as number),
    ).length;
    expect(inside / ROWS).toBeGreaterThan(0.88);
    expect(inside / ROWS).toBeLessThan(0.96);
  });

  it('of a model that lost its quantiles is a bug of ours, not a silent guess', async () => {
    const said = new Float64Array(ROWS).fill(10);
    const interval = fitConformalQuantile(
      { actual: said, band: { low: said, high: said } },
      { level: 0.9, sides: 'both' },
    );
    await expect(
      forecast({ model: saying('amount', said), corrections: { interval } }, frame, asOf),
    ).rejects.toThrow(/quantiles/);
  });
});

describe('a typical amount', () => {
  const said = Float64Array.from({ length: ROWS }, (_, i) => i);
  const season = { firstDay: 0, factors: Array<number>(40).fill(2), years: 2, words: name('', '') };
  const typical = { knots: [100, 400], values: [0, 300] };

  it('is read off the levelled amount and stands in the season of its row', async () => {
    const level = { factor: 0.5, measured: 0.5, standardError: 0, origins: 1, words: name('', '') };
    const answers = await forecast(
      { model: saying('amount', said), corrections: { level, season, typical } },
      frame,
      asOf,
    );
    expect(answers.typical?.[200]).toBe(0);
    expect(answers.typical?.[300]).toBeCloseTo(2 * 50, 9);
  });

  it('over a horizon nobody checked there is none', async () => {
    const model = saying('amount', said);
    const answers = await forecast({ model, extended: model, corrections: { typical } }, frame, asOf);
    expect(answers.typical).toBeUndefined();
  });

  it('lies inside the interval', async () => {
    const actual = said.map((amount) => 10 * amount);
    const interval = fitConformalQuantile(
      { actual, band: { low: said.map((y) => 9 * y), high: said.map((y) => 11 * y) } },
      { level: 0.9, sides: 'both' },
    );
    const band = { low: said.map((y) => 9 * y), high: said.map((y) => 11 * y) };
    const answers = await forecast(
      { model: saying('amount', said, band), corrections: { interval, typical } },
      frame,
      asOf,
    );
    for (let i = 0; i < ROWS; i++) expect(answers.typical?.[i]).toBeGreaterThanOrEqual(answers.low?.[i] ?? 0);
    expect(answers.typical?.[300]).toBe(answers.low?.[300]);
  });
});
