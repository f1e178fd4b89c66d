// Opinions pooled: products rank by what nobody thinks unlikely, and their weights are those that rank the cases best.
import { expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { flooredLogs, meanGain, type PooledCases, productGain, productWeights } from './pooling.ts';

const ITEMS = 20;
const CASES = 150;

/** Two members that each see what comes through noise of their own, and one that sees nothing. */
function madeUp(seed: number): PooledCases {
  const draws = random(seed).fork('pooling');
  const targets = Int32Array.from({ length: CASES }, () => draws.integer(ITEMS));
  const member = (signal: number): Float32Array => {
    const logs = new Float32Array(CASES * ITEMS);
    for (let c = 0; c < CASES; c++) {
      const scores = Float32Array.from(
        { length: ITEMS },
        (_, i) => draws.normal() + (i === targets[c] ? signal : 0),
      );
      flooredLogs(scores, 1, logs.subarray(c * ITEMS, (c + 1) * ITEMS));
    }
    return logs;
  };
  return { logs: [member(1.5), member(1), member(0)], items: ITEMS, targets };
}

it('logs are of a distribution down to a floor, and even where nothing is said', () => {
  const logs = new Float32Array(3);
  flooredLogs(Float32Array.of(2, Number.NEGATIVE_INFINITY, 1), 1, logs);
  expect(logs[0] - logs[2]).toBeCloseTo(1, 6);
  expect(Math.exp(logs[0]) + Math.exp(logs[2])).toBeCloseTo(1, 6);
  expect(Math.exp(logs[1])).toBeCloseTo(0.01 / 3, 6);
  flooredLogs(new Float32Array(3).fill(Number.NEGATIVE_INFINITY), 1, logs);
  expect(Array.from(logs, Math.exp)).toEqual([
    expect.closeTo(1 / 3, 5),
    expect.closeTo(1 / 3, 5),
    expect.closeTo(1 / 3, 5),
  ]);
});

it('the gain of a row is told by the place of what came, equals before it', () => {
  const logs = [Float32Array.from([0.2, 0.3, 0.3, 0.2], Math.log)];
  const gain = (target: number) => productGain({ logs, items: 4, targets: [target] }, [1]);
  expect([gain(1), gain(0)]).toEqual([1 / Math.log2(3), 1 / Math.log2(5)]);
  expect(meanGain({ logs, items: 4, targets: [1] }, [1])).toBe(gain(1));
});

it('weights rank as well as the best of a fine search, and hear those who see more', () => {
  const cases = madeUp(3);
  const { weights, gain } = productWeights(cases);
  expect(gain).toBe(productGain(cases, weights));
  let best = 0;
  for (let first = 0; first <= 1; first += 0.1)
    for (let second = 0; second <= 1; second += 0.1)
      for (let third = 0; third <= 1; third += 0.1)
        best = Math.max(best, productGain(cases, [first, second, third]));
  expect(gain).toBeGreaterThan(best - 0.01);
  expect(Math.max(...weights)).toBe(1);
  expect(weights[2]).toBeLessThan(weights[1]);
  for (let m = 0; m < 3; m++) {
    const alone = [0, 0, 0].with(m, 1);
    expect(gain).toBeGreaterThan(productGain(cases, alone));
  }
});

it('members in another order weigh the same', () => {
  const cases = madeUp(4);
  const turned = { ...cases, logs: [cases.logs[2], cases.logs[0], cases.logs[1]] };
  expect(Math.abs(productWeights(turned).gain - productWeights(cases).gain)).toBeLessThan(0.01);
});
