// Learning rates against PyTorch and closed forms.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { observePlateau, type PlateauSettings, startPlateau } from './plateau.ts';
import { constantRate, linearRate, oneCycle, type Schedule, stepRate, warmUpCosine } from './schedule.ts';

/** PyTorch's results; source, command and version are in the file. */
const goldens = JSON.parse(readFileSync(new URL('./optimiser/goldens.json', import.meta.url), 'utf8')) as {
  readonly schedules: Readonly<Record<string, readonly number[]>>;
  readonly plateaus: Readonly<
    Record<string, { readonly scores: readonly number[]; readonly rates: readonly number[] }>
  >;
};

const SCHEDULES: Record<string, Schedule> = {
  oneCycle: oneCycle({ rate: 0.1, steps: 20 }),
  oneCycleShort: oneCycle({ rate: 0.1, steps: 11, rise: 0.5, startDivisor: 10, endDivisor: 100 }),
  cosine: warmUpCosine({ rate: 0.1, warmUpSteps: 0, steps: 10, floor: 0.01 }),
  step: stepRate(0.1, 0.5, 4),
  linear: linearRate(0.1, 0.02, 8),
};

const PLATEAUS: Record<string, PlateauSettings> = {
  patient: { factor: 0.5, patience: 1 },
  resting: { factor: 0.1, patience: 0, cooldown: 2, floor: 0.0005 },
};

describe('a schedule', () => {
  it.each(Object.entries(SCHEDULES))('%s gives PyTorch’s rates', (name, schedule) => {
    const wanted = goldens.schedules[name];
    // PyTorch multiplies from step to step, in double precision
    wanted.forEach((rate, step) => void expect(schedule(step), `step ${step}`).toBeCloseTo(rate, 12));
  });

  it('warms up in equal steps from above 0, falls to its floor and stays there', () => {
    const rate = warmUpCosine({ rate: 1, warmUpSteps: 4, steps: 14, floor: 0.1 });
    expect([0, 1, 2, 3, 4].map(rate)).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
    expect(rate(9)).toBeCloseTo(0.55, 12);
    expect([14, 15, 1000].map(rate)).toEqual([0.1, 0.1, 0.1]);
    expect(constantRate(0.3)(1000)).toBe(0.3);
  });

  it('has at least one step', () => {
    expect(() => warmUpCosine({ rate: 1, warmUpSteps: 10, steps: 10 })).toThrow(
      'expected at least one step, got 0',
    );
    expect(() => linearRate(1, 0, Number.NaN)).toThrow('got NaN');
  });
});

describe('a plateau', () => {
  it.each(Object.entries(PLATEAUS))('%s falls when PyTorch’s does', (name, settings) => {
    const { scores, rates } = goldens.plateaus[name];
    let state = startPlateau(0.1);
    scores.forEach((score, i) => {
      // through JSON, as a checkpoint would keep it
      state = JSON.parse(JSON.stringify(observePlateau(state, score, settings)));
      expect(state.rate, `score ${i}`).toBeCloseTo(rates[i], 12);
    });
    expect(new Set(rates).size).toBeGreaterThan(2);
  });

  it('takes a score that is no number for a bad one', () => {
    const settings = { patience: 1 };
    const after = [Number.NaN, 1, Number.NaN, Number.NaN].reduce(
      (state, score) => observePlateau(state, score, settings),
      startPlateau(1),
    );
    expect(after).toMatchObject({ best: 1, rate: 0.1 });
  });
});
