// Small tables and steps of boosting for tests of growing.
import type { CategoryColumn, Column, Frame, NumberColumn } from '../../../core/frame.ts';
import { makeFrame } from '../../../core/frame.ts';
import { random } from '../../../core/random.ts';
import type { GbdtSettings } from '../settings.ts';
import type { GrowStep } from './grower.ts';

const common = (name: string) => ({
  name,
  label: { en: name, zh: name },
  unit: 'none' as const,
  group: name,
});

export const numbers = (name: string, values: ArrayLike<number>): NumberColumn => ({
  ...common(name),
  kind: 'number',
  values: Float64Array.from(values),
});

export const codes = (name: string, values: ArrayLike<number>, levels: number): CategoryColumn => ({
  ...common(name),
  kind: 'category',
  codes: Int32Array.from(values),
  levels: Array.from({ length: levels }, (_, i) => `level ${i}`),
});

export const madeUpGrowSettings = (changes: Partial<GbdtSettings> = {}): GbdtSettings => ({
  band: false,
  ...{ quantile: 0.5, power: 1.5, trees: 1, learningRate: 1, leaves: 8, depth: 0, minRows: 1 },
  ...{ minCurvature: 0, ridge: 1, lasso: 0, minGain: 0, bins: 255, columnShare: 1, nodeColumnShare: 1 },
  ...{ categoryRidge: 1, minLevelRows: 1, monotone: {}, patience: 0, forests: 1, ...changes },
});

/** Numbers (some missing, some repeated), categories, and slopes that depend on them. */
export function madeUpTable(rows: number, seed: number): { frame: Frame; step: GrowStep } {
  const stream = random(seed);
  const draw = (value: () => number): Float64Array => Float64Array.from({ length: rows }, value);
  const a = draw(() => stream.normal());
  const b = draw(() => (stream.integer(4) === 0 ? Number.NaN : stream.integer(6)));
  const c = draw(() => stream.integer(9) - 1);
  const d = draw(() => stream.exponential(1));
  const e = draw(() => stream.integer(400));
  const columns: Column[] = [
    numbers('a', a),
    numbers('b', b),
    codes('c', c, 8),
    numbers('d', d),
    codes('e', e, 400),
  ];
  const gradient = Float32Array.from(
    a,
    (value, i) =>
      value * (c[i] > 3 ? 1 : -0.5) + (Number.isNaN(b[i]) ? 1 : 0.2 * b[i]) + (e[i] % 3) + stream.normal(),
  );
  const curvature = Float32Array.from(a, () => 0.1 + stream.uniform());
  return { frame: makeFrame(columns), step: { gradient, curvature, seed: 1 } };
}
