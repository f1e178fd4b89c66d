import { describe, expect, it } from 'vitest';
import { silent } from '../core/progress.ts';
import { estimatorById } from './catalogue.ts';
import { crossFit, foldsOf } from './cross-fit.ts';
import type { Estimator, FitRun, Question, Sample } from './estimator.ts';
import { madeUpSample } from './made-up-sample.ts';

const RUN: FitRun = { seed: 3, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'buys', horizonDays: 45, discountPerYear: 0 };
const sample = madeUpSample({ customers: 240, seed: 1, question: BUYS });

/** Records what it was fitted on and what it watched. */
function witness(fits: { seen: readonly string[]; watched: readonly string[] }[]): Estimator {
  const inner = estimatorById('rate');
  return {
    ...inner,
    fit(train, valid, run) {
      fits.push({ seen: train.entities, watched: valid?.entities ?? [] });
      return inner.fit(train, valid, run);
    },
  };
}

describe('a cross-fit', () => {
  it('shows no fit the customers it will be asked about', async () => {
    const folds = foldsOf(sample.entities, 4, RUN.seed);
    const fits: { seen: readonly string[]; watched: readonly string[] }[] = [];
    const { models, unseen } = await crossFit(witness(fits), sample, { folds, run: RUN });
    expect(models).toHaveLength(4);
    fits.forEach(({ seen, watched }, fold) => {
      const inside = sample.entities.filter((_, row) => folds.of[row] === fold);
      expect(seen.filter((entity) => inside.includes(entity))).toEqual([]);
      expect(seen.length + inside.length).toBe(240);
      expect(watched).toEqual([]);
    });
    const rates = await Promise.all(models.map((model) => model.predict(sample.frame)));
    unseen.forEach((p, row) => {
      expect(p).toBe(rates[folds.of[row]][row]);
    });
  });

  it('lets a fit watch its held-out fold, and nothing else, when told to', async () => {
    const folds = foldsOf(sample.entities, 3, RUN.seed);
    const fits: { seen: readonly string[]; watched: readonly string[] }[] = [];
    await crossFit(witness(fits), sample, { folds, watch: true, run: RUN });
    fits.forEach(({ watched }, fold) => {
      expect(watched).toEqual(sample.entities.filter((_, row) => folds.of[row] === fold));
    });
  });

  it('keeps all rows of a customer in one fold', () => {
    const twice = [...sample.entities, ...sample.entities];
    const { of } = foldsOf(twice, 5, 1);
    for (let row = 0; row < 240; row++) expect(of[row]).toBe(of[row + 240]);
  });

  it('gives every class its column', async () => {
    const question: Question = { ...BUYS, kind: 'classes', outcome: 'other', classes: 3 };
    const classes: Sample = { ...sample, question, target: sample.target.map((_, row) => row % 3) };
    const folds = foldsOf(sample.entities, 3, 1);
    const { unseen } = await crossFit(estimatorById('rate'), classes, { folds, run: RUN });
    expect(unseen).toHaveLength(240 * 3);
    for (let row = 0; row < 240; row++)
      expect(unseen[3 * row] + unseen[3 * row + 1] + unseen[3 * row + 2]).toBeCloseTo(1, 9);
  });

  it('needs more than one customer', async () => {
    const folds = { of: new Uint8Array(240), count: 2 };
    await expect(crossFit(estimatorById('rate'), sample, { folds, run: RUN })).rejects.toThrow(
      /more than one customer/,
    );
  });
});
