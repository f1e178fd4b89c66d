// Integrated gradients against integrals known in closed form, and attention roll-out against products done by hand.
import { describe, expect, it } from 'vitest';
import { rollOut } from './attention-rollout.ts';
import { integrateGradients, LEAST_STEPS, MISSED_SHARE, type Moving } from './integrated-gradients.ts';

type Law = (x: Float32Array) => { readonly answer: number; readonly slopes: readonly number[] };

/** Asks a law of a few numbers as a network is asked, a batch of points at a time. */
function way(law: Law, from: readonly number[], to: readonly number[], points = 8) {
  let batches = 0;
  return {
    ...{ from: { x: Float32Array.from(from) }, to: { x: Float32Array.from(to) }, points },
    ask: async ({ x }: Moving) => {
      batches++;
      const said = Array.from({ length: points }, (_, k) =>
        law(x.subarray(k * to.length, (k + 1) * to.length)),
      );
      return {
        answers: said.map(({ answer }) => answer),
        slopes: { x: said.flatMap(({ slopes }) => slopes) },
      };
    },
    batches: () => batches,
  };
}

describe('integrated gradients', () => {
  it('share a product of powers out by the powers', async () => {
    // ∫ of (a·b²) on the way from 0: a third of it is a's, two thirds are b's.
    const law: Law = ([a, b]) => ({ answer: a * b * b, slopes: [b * b, 2 * a * b] });
    const { worth, base, answer, unexplained, steps } = await integrateGradients(way(law, [0, 0], [2, 3]));
    expect([base, answer]).toEqual([0, 18]);
    expect(worth.x[0]).toBeCloseTo(6, 2);
    expect(worth.x[1]).toBeCloseTo(12, 2);
    expect(Math.abs(unexplained)).toBeLessThan(MISSED_SHARE * 18);
    expect(steps).toBe(LEAST_STEPS);
  });

  it('begin where they are told to, and find nothing in what stands still', async () => {
    const law: Law = ([a, b]) => ({ answer: 3 * a + 5 * b, slopes: [3, 5] });
    const { worth, base, slope } = await integrateGradients(way(law, [1, 7], [2, 7]));
    expect(base).toBeCloseTo(38, 9);
    expect([...worth.x]).toEqual([3, 0]);
    expect([...slope.x].map((value) => Math.round(1e6 * value) / 1e6)).toEqual([3, 5]);
  });

  it('look closer where the answer turns, and add up all the same', async () => {
    // All of the gain comes within a thousandth of the way, as under a norm; parts of one length would miss it.
    const sharp = (a: number): number => Math.tanh(2000 * (a - 0.3));
    const law: Law = ([a, b]) => ({ answer: sharp(a) + b, slopes: [2000 * (1 - sharp(a) ** 2), 1] });
    const told = way(law, [0, 0], [1, 0.5]);
    const { worth, unexplained, steps } = await integrateGradients(told);
    expect(worth.x[0]).toBeCloseTo(2, 1);
    expect(worth.x[1]).toBeCloseTo(0.5, 2);
    expect(Math.abs(unexplained)).toBeLessThan(MISSED_SHARE * 2.5);
    expect(steps).toBeGreaterThan(LEAST_STEPS);
    expect(told.batches()).toBeLessThan(30);
  });

  it('end, and say what they miss, where an answer jumps', async () => {
    const law: Law = ([a]) => ({ answer: a > 0.37 ? 1 : 0, slopes: [0] });
    const { worth, unexplained } = await integrateGradients(way(law, [0], [1]));
    expect(worth.x[0]).toBe(0);
    expect(unexplained).toBe(1);
  });

  it('stop when they are told to', async () => {
    const law: Law = ([a]) => ({ answer: a, slopes: [1] });
    const signal = AbortSignal.abort();
    await expect(integrateGradients({ ...way(law, [0], [1]), signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('attention roll-out', () => {
  it('multiplies halves of attention and of staying put, block by block', () => {
    // Each place looks at the one before alone.
    const back = { weights: [1, 0, 1, 0], heads: 1, time: 2, keys: 2 };
    expect([...rollOut([back], 2)]).toEqual([1, 0, 0.5, 0.5]);
    expect([...rollOut([back, back], 2)]).toEqual([1, 0, 0.75, 0.25]);
  });

  it('takes the mean of the heads', () => {
    const heads = { weights: [1, 0, 1, 0, 1, 0, 0, 1], heads: 2, time: 2, keys: 2 };
    expect([...rollOut([heads], 2)]).toEqual([1, 0, 0.25, 0.75]);
  });

  it('leaves keys in front of the sequence to nobody, and every row adding up to 1', () => {
    const prefixed = { weights: [0.6, 0.4, 0, 0.5, 0.1, 0.4], heads: 1, time: 2, keys: 3 };
    const rolled = rollOut([prefixed], 2);
    expect([...rolled].map((share) => Math.round(100 * share))).toEqual([100, 0, 10, 90]);
  });

  it('leaves each place to itself where nothing attends', () => {
    expect([...rollOut([], 2)]).toEqual([1, 0, 0, 1]);
  });
});
