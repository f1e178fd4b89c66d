// Latencies counted in buckets are those of the sorted list, to within a bucket's width.
import { expect, test } from 'vitest';
import { random } from '../../src/core/random.ts';
import { latencyHistogram } from './latency-histogram.ts';

test('quantiles are at most 1/128 above those of the sorted values, and never below them', () => {
  const draw = random(5);
  const values = Array.from({ length: 20_000 }, () => Math.exp(draw.normal(2, 3)));
  const histogram = latencyHistogram();
  for (const value of values) histogram.record(value);
  const sorted = values.sort((a, b) => a - b);
  for (const share of [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1];
    const got = histogram.quantile(share);
    // Microseconds are whole numbers.
    expect(got).toBeGreaterThanOrEqual(exact - 0.0006);
    expect(got).toBeLessThanOrEqual(exact * (1 + 1 / 128) + 0.0016);
  }
  expect(histogram.maxMs).toBe(sorted.at(-1));
  expect(histogram.count).toBe(20_000);
});

test('of none it is 0', () => {
  expect(latencyHistogram().quantile(0.99)).toBe(0);
});
