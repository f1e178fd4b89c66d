// Ranges by size of the prediction: held to order statistics counted by hand, and to their promise in every group.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { applyConformalGroups, fitConformalGroups } from './conformal-groups.ts';

/** Errors of spread 1 + 4 · share around predictions from −10 to 10. */
function madeUp(rows: number, seed: number) {
  const draw = random(seed);
  const predicted = Float64Array.from({ length: rows }, () => 20 * draw.uniform() - 10);
  const actual = predicted.map((value) => value + (1 + (4 * (value + 10)) / 20) * draw.normal());
  return { predicted, actual };
}

describe('ranges by size of the prediction', () => {
  it('are the errors’ order statistics where there is one group', () => {
    const errors = Array.from({ length: 99 }, (_, i) => i - 40);
    const predicted = new Float64Array(99).fill(7);
    const actual = Float64Array.from(errors, (error) => 7 + error);
    const fitted = fitConformalGroups({ actual, predicted }, 0.9);
    // Of 100 places the 95th from below, and the 95th from above: errors 94 − 40 and 4 − 40.
    expect(fitted).toMatchObject({ edges: [], high: [54], low: [-36] });
    const { low, high } = applyConformalGroups(fitted, Float64Array.of(0, 100));
    expect([...low, ...high]).toEqual([-36, 64, 54, 154]);
  });

  it('keep the promise in every group, each with its own width', () => {
    const fitted = fitConformalGroups(madeUp(3000, 1), 0.9);
    const test = madeUp(20_000, 2);
    const { low, high } = applyConformalGroups(fitted, test.predicted);
    expect(fitted.edges).toHaveLength(4);
    const bounds = [Number.NEGATIVE_INFINITY, ...fitted.edges, Number.POSITIVE_INFINITY];
    const widths = fitted.edges.concat(0).map((_, g) => {
      const rows = Array.from(test.predicted.keys()).filter(
        (i) => test.predicted[i] > bounds[g] && test.predicted[i] <= bounds[g + 1],
      );
      const inside = rows.filter((i) => test.actual[i] >= low[i] && test.actual[i] <= high[i]);
      expect(inside.length / rows.length).toBeGreaterThan(0.87);
      expect(inside.length / rows.length).toBeLessThan(0.94);
      return high[rows[0]] - low[rows[0]];
    });
    for (let g = 1; g < widths.length; g++) expect(widths[g]).toBeGreaterThan(widths[g - 1]);
  });
});
