import { describe, expect, it } from 'vitest';
import { type CategoryColumn, makeFrame, type NumberColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { random } from '../../core/random.ts';
import type { Lesson } from './encoder.ts';
import { crossFitTargetEncoding, loadTargetEncoder, shrinkLevels } from './target-encoding.ts';

const category = (codes: ArrayLike<number>, levels: readonly string[]): CategoryColumn => ({
  kind: 'category',
  name: 'c',
  label: name('C', '类'),
  unit: 'none',
  group: 'test',
  codes: Int32Array.from(codes),
  levels,
});

function lessonOf(y: readonly number[], folds: readonly number[], isBinary = false): Lesson {
  return {
    targets: [Float64Array.from(y)],
    isBinary,
    weight: new Float64Array(y.length).fill(1),
    entities: y.map((_, i) => `e${i}`),
    folds: Uint8Array.from(folds),
    foldCount: Math.max(...folds) + 1,
    seed: 1,
  };
}

const valuesOf = (column: unknown): number[] => [...(column as NumberColumn).values];

describe('shrinkage', () => {
  it('finds the number of rows that noise within levels is worth (true σ² / τ²)', () => {
    const draw = random(1);
    const [sigma, tau, size, each] = [3, 1, 4000, 12];
    const tally = {
      count: new Float64Array(size),
      sum: new Float64Array(size),
      squares: new Float64Array(size),
    };
    for (let l = 0; l < size; l++) {
      const mean = 50 + tau * draw.normal();
      for (let k = 0; k < each; k++) {
        const y = mean + sigma * draw.normal();
        tally.count[l]++;
        tally.sum[l] += y;
        tally.squares[l] += y * y;
      }
    }
    const shrunk = shrinkLevels(tally, 50);
    // shrunk = (sum + m·50) / (12 + m), so m = (sum − 12·shrunk) / (shrunk − 50).
    const pulls = Array.from(shrunk, (s, l) => (tally.sum[l] - each * s) / (s - 50));
    // The estimate of τ² = 1 from 4,000 levels has a standard error of about 4 %.
    expect(pulls[0]).toBeGreaterThan(7.5);
    expect(pulls[0]).toBeLessThan(10.8);
    expect(pulls[1]).toBeCloseTo(pulls[0], 6);
  });

  it('leaves nothing of levels that differ no more than chance, or that are all single', () => {
    const equal = {
      count: Float64Array.of(10, 10),
      sum: Float64Array.of(5, 5),
      squares: Float64Array.of(5, 5),
    };
    expect([...shrinkLevels(equal, 0.5)]).toEqual([0.5, 0.5]);
    const single = {
      count: Float64Array.of(1, 1),
      sum: Float64Array.of(0, 1),
      squares: Float64Array.of(0, 1),
    };
    expect([...shrinkLevels(single, 0.5)]).toEqual([0.5, 0.5]);
  });
});

describe('a target encoding', () => {
  const draw = random(2);
  const rows = 900;
  const codes = Array.from({ length: rows }, () => draw.integer(30) - 1);
  const levels = Array.from({ length: 29 }, (_, i) => `level ${i}`);
  const y = codes.map((code) => Number(draw.uniform() < 0.1 + 0.025 * (code + 1)));
  const folds = codes.map(() => draw.integer(5));
  const fitted = crossFitTargetEncoding(category(codes, levels), lessonOf(y, folds, true));

  it('of a training row moves with no outcome of its own fold', () => {
    const [before] = fitted.training.map(valuesOf);
    const flipped = y.map((value, i) => (folds[i] === 2 ? 1 - value : value));
    // Outcomes of the fold change the common prior alone, so keep its mean: flip two rows of opposite outcome.
    const pair = [
      y.findIndex((v, i) => v === 1 && folds[i] === 2),
      y.findIndex((v, i) => v === 0 && folds[i] === 2),
    ];
    const swapped = y.map((value, i) => (pair.includes(i) ? flipped[i] : value));
    const after = valuesOf(
      crossFitTargetEncoding(category(codes, levels), lessonOf(swapped, folds, true)).training[0],
    );
    let moved = 0;
    codes.forEach((_, i) => {
      if (folds[i] === 2) expect(after[i]).toBe(before[i]);
      else if (after[i] !== before[i]) moved++;
    });
    expect(moved).toBeGreaterThan(100);
  });

  it('orders levels as their outcomes do, and gives an unseen one the average and a missing one its own', async () => {
    const ask = makeFrame([category([0, 1, 2, -1], ['level 28', 'level 0', 'atlantis'])]);
    const [often, seldom, unseen, missing] = valuesOf((await fitted.encoder.encode(ask))[0]);
    expect(often).toBeGreaterThan(unseen);
    expect(seldom).toBeLessThan(unseen);
    const mean = y.reduce((a, b) => a + b) / rows;
    expect(unseen).toBeCloseTo(Math.log(mean / (1 - mean)), 12);
    expect(missing).toBeLessThan(unseen);
    const frequency = valuesOf((await fitted.encoder.encode(ask))[1]);
    expect(frequency[2]).toBe(0);
    expect(frequency[0]).toBeGreaterThan(2);
  });

  it('is the mean of what the folds say', async () => {
    const [training] = fitted.training.map(valuesOf);
    const frame = makeFrame([category(codes, levels)]);
    const all = valuesOf((await fitted.encoder.encode(frame))[0]);
    const own = new Map<number, number>();
    codes.forEach((code, i) => {
      if (code === 7) own.set(folds[i], training[i]);
    });
    expect(own.size).toBe(5);
    const mean = [...own.values()].reduce((a, b) => a + b) / 5;
    expect(all[codes.indexOf(7)]).toBeCloseTo(mean, 12);
  });

  it('does not mind the order or the codes of levels, and comes back from disk', async () => {
    const last = levels.length - 1;
    const turned = category(
      codes.map((code) => (code < 0 ? -1 : last - code)),
      levels.toReversed(),
    );
    const again = crossFitTargetEncoding(turned, lessonOf(y, folds, true));
    expect(again.encoder.save()).toEqual(fitted.encoder.save());
    const saved = fitted.encoder.save();
    const loaded = loadTargetEncoder({ ...saved, state: JSON.parse(JSON.stringify(saved.state)) });
    expect(await loaded.encode(makeFrame([turned]))).toEqual(
      await fitted.encoder.encode(makeFrame([turned])),
    );
  });

  it('has a column a class, and stands still where all customers are one', () => {
    const targets = [0, 1, 2].map((k) => Float64Array.from(codes, (code) => Number((code + 1) % 3 === k)));
    const three = crossFitTargetEncoding(category(codes, levels), { ...lessonOf(y, folds, true), targets });
    expect(three.encoder.outputs).toEqual(['c › class 0', 'c › class 1', 'c › class 2', 'c › frequency']);
    const one = crossFitTargetEncoding(
      category(codes, levels),
      lessonOf(
        y,
        codes.map(() => 3),
        true,
      ),
    );
    expect(new Set(valuesOf(one.training[0])).size).toBe(1);
  });
});
