import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { SearchSpace, Settings } from '../estimator.ts';
import { drawPosition, settingsAt } from './space.ts';
import { propose } from './tpe.ts';

interface Problem {
  readonly space: SearchSpace;
  readonly cost: (settings: Settings) => number;
  readonly start: Settings;
}

/** Branin and Hoo 1972: three equal minima of .397887. */
const branin: Problem = {
  space: { x: { kind: 'number', low: -5, high: 10 }, y: { kind: 'number', low: 0, high: 15 } },
  cost: ({ x, y }) => {
    const [a, b] = [Number(x), Number(y)];
    return (
      (b - (5.1 / (4 * Math.PI ** 2)) * a * a + (5 / Math.PI) * a - 6) ** 2 +
      10 * (1 - 1 / (8 * Math.PI)) * Math.cos(a) +
      10
    );
  },
  start: {},
};

/** A learning rate, a size, a kind and a share: the least is 0 at (.05, 31, b, .7). */
const mixed: Problem = {
  space: {
    rate: { kind: 'number', low: 1e-3, high: 1, log: true },
    leaves: { kind: 'number', low: 4, high: 256, log: true, integer: true },
    kind: { kind: 'choice', options: ['a', 'b', 'c'] },
    share: { kind: 'number', low: 0, high: 1 },
  },
  cost: ({ rate, leaves, kind, share }) =>
    Math.log10(Number(rate) / 0.05) ** 2 +
    0.3 * Math.log2(Number(leaves) / 31) ** 2 +
    (kind === 'b' ? 0 : kind === 'a' ? 0.4 : 0.8) +
    (Number(share) - 0.7) ** 2,
  start: {},
};

function byTpe({ space, cost, start }: Problem, trials: number, seed: number): number {
  const made: { settings: Settings; cost: number }[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const tried = [...made].sort((a, b) => a.cost - b.cost).map(({ settings }) => settings);
    const settings = propose(space, { tried, start, draw: random(seed).fork(`${trial}`) });
    made.push({ settings, cost: cost(settings) });
  }
  return Math.min(...made.map((each) => each.cost));
}

function byChance({ space, cost }: Problem, trials: number, seed: number): number {
  const draw = random(seed).fork('chance');
  return Math.min(
    ...Array.from({ length: trials }, () => cost(settingsAt(space, drawPosition(space, draw)))),
  );
}

describe('tree-structured Parzen estimation', () => {
  it.each([
    ['Branin', branin],
    ['a mixed space', mixed],
  ])('beats chance on %s with 40 trials, by a sign test over 40 seeds', (_, problem) => {
    let wins = 0;
    for (let seed = 0; seed < 40; seed++)
      wins += Number(byTpe(problem, 40, seed) < byChance(problem, 40, seed));
    // 29 of 40 heads of a fair coin: one chance in 300.
    expect(wins).toBeGreaterThanOrEqual(29);
  });

  it('comes near the known least of Branin', () => {
    const found = Array.from({ length: 9 }, (_, seed) => byTpe(branin, 60, 100 + seed)).sort((a, b) => a - b);
    expect(found[0]).toBeGreaterThanOrEqual(0.397887);
    expect(found[4]).toBeLessThan(0.9);
  });

  it('proposes the same after the same trials, whatever was drawn before', () => {
    const tried = Array.from({ length: 9 }, (_, i) =>
      settingsAt(mixed.space, drawPosition(mixed.space, random(i))),
    );
    const ask = () => propose(mixed.space, { tried, start: {}, draw: random(4).fork('9') });
    expect(ask()).toEqual(ask());
  });

  it('begins near where it starts on every second trial of its first look', () => {
    const start = { rate: 0.1, leaves: 31, kind: 'a', share: 0.5 };
    const keptOf = (tried: readonly Settings[]) =>
      Array.from({ length: 60 }, (_, seed) => {
        const next = propose(mixed.space, { tried, start, draw: random(seed) });
        return Object.entries(start).filter(([name, value]) =>
          typeof value === 'string' ? next[name] === value : Math.abs(Number(next[name]) - value) < 1e-9,
        ).length;
      });
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    // About half of four dimensions stay; of a draw over the whole space, only a choice may by luck.
    expect(mean(keptOf([start]))).toBeGreaterThan(1.2);
    expect(Math.max(...keptOf([start]))).toBeLessThan(4);
    expect(mean(keptOf([]))).toBeLessThan(0.6);
  });
});
