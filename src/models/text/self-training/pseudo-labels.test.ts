import { describe, expect, it } from 'vitest';
import { random } from '../../../core/random.ts';
import { pseudoLabels } from './pseudo-labels.ts';

const draws = random(1);
const bell = (): number => draws.uniform() + draws.uniform() + draws.uniform() - 1.5;
/** A third is yes, two apart from the others; the teacher puts everything on the side of no. */
const truth = Array.from({ length: 600 }, (_, row) => Number(row % 3 === 0));
const timid = Float64Array.from(truth, (y) => 0.2 * (2 * y - 4 + bell()));

const share = (target: Float64Array, k: number): number =>
  target.reduce((sum, y) => sum + Number(y === k), 0) / target.length;

describe('pseudo-labels', () => {
  it('come as often of each class as labels do, though the teacher says no to everything', () => {
    expect(timid.every((margin) => margin < 0)).toBe(true);
    const { target } = pseudoLabels(timid, [2 / 3, 1 / 3], 600);
    expect(share(target, 1)).toBeCloseTo(1 / 3, 1);
    const right = target.filter((y, row) => y === truth[row]).length / target.length;
    expect(right).toBeGreaterThan(0.97);
  });

  it('are as sure of a timid teacher as of a boastful one, and least where classes meet', () => {
    const { target, weight } = pseudoLabels(timid, [2 / 3, 1 / 3], 600);
    const boastful = pseudoLabels(
      timid.map((margin) => 50 * margin + 7),
      [2 / 3, 1 / 3],
      600,
    );
    // ends of the balancing differ a little: it begins from where the teacher stands
    for (const [row, sure] of boastful.weight.entries()) expect(sure).toBeCloseTo(weight[row], 2);
    const order = Array.from(timid.keys()).sort((a, b) => timid[a] - timid[b]);
    const change = order.findIndex((row) => target[row] === 1);
    expect(weight[order[0]]).toBeGreaterThan(weight[order[change - 1]]);
    expect(weight[order.at(-1) as number]).toBeGreaterThan(weight[order[change]]);
    expect(Math.max(...weight)).toBeLessThanOrEqual(1);
  });

  it('keep the shares of three classes, the rarest among them', () => {
    const own = Array.from({ length: 900 }, (_, row) => (row % 9 === 0 ? 2 : row % 3 === 1 ? 1 : 0));
    const logs = Float64Array.from({ length: 2700 }, (_, i) => {
      const k = i % 3;
      return 0.3 * (Number(k === own[Math.floor(i / 3)]) + 0.3 * bell()) - (k === 2 ? 2 : 0);
    });
    const shares = [0, 1, 2].map((k) => own.filter((y) => y === k).length / own.length);
    const { target } = pseudoLabels(logs, shares, 900);
    for (const [k, wanted] of shares.entries())
      expect(Math.abs(share(target, k) - wanted)).toBeLessThan(0.05);
    expect(target.filter((y, row) => y === own[row]).length / own.length).toBeGreaterThan(0.9);
  });

  it('are the same of two classes, however the teacher says them', () => {
    const odds = pseudoLabels(timid, [2 / 3, 1 / 3], 600);
    const logs = Float64Array.from({ length: 1200 }, (_, i) => (i % 2) * timid[Math.floor(i / 2)]);
    expect(pseudoLabels(logs, [2 / 3, 1 / 3], 600)).toEqual(odds);
  });

  it('of a teacher who says the same of everything teach nothing', () => {
    const { weight } = pseudoLabels(new Float64Array(50).fill(0), [0.5, 0.5], 50);
    expect(weight.every((sure) => sure === 0)).toBe(true);
  });
});
