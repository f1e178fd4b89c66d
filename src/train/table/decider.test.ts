// What decides between models of an amount: means by squared error, medians by absolute error, all the way down.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { estimatorById } from '../../models/catalogue.ts';
import { answerTable } from '../../models/table-model.ts';
import { type AmountDecider, metricsOf } from './correct.ts';
import { learnTable } from './learn.ts';
import { tableRecipe } from './table-recipe.ts';
import { tableSample } from './table-sample.ts';
import { judgeTrial, rankTableTrials } from './table-trial.ts';

/** Exponential amounts around 1 + 2x: their mean; their median is ln 2 of it. */
function skewed(rows: number, seed: number) {
  const draw = random(seed);
  const x = Float64Array.from({ length: rows }, () => draw.uniform());
  const column = {
    ...{ kind: 'number' as const, name: 'x', label: name('x', 'x'), unit: 'none' as const, group: 'x' },
    values: x,
  };
  const target = x.map((own) => -Math.log(1 - draw.uniform()) * (1 + 2 * own));
  return { ...tableSample({ frame: makeFrame([column]), target, kind: 'amount' }), x };
}

/** Mean over rows of the answer over what is expected there. */
async function answerOverMean(metric?: AmountDecider): Promise<number> {
  const { sample, x } = skewed(1500, 1);
  const settings = { trees: 40, learningRate: 0.1, patience: 0 };
  const { candidates, preset } = tableRecipe(sample.question, {
    ...{ models: ['gbdt'], preset: 'fast', dates: [], settings },
    ...(metric ? { metric } : {}),
  });
  const { table } = await learnTable(sample, {
    ...{ candidates, preset, folds: 2, byTime: false, draws: 2 },
    ...{ seed: 1, threads: 1, now: () => 0, progress: silent },
    ...(metric ? { metric } : {}),
  });
  const { value } = await answerTable(table, sample.frame);
  return value.reduce((sum, own, row) => sum + own / (1 + 2 * x[row]), 0) / value.length;
}

describe('absolute error as what decides', () => {
  it('makes boosted trees answer with medians, squared error with means', async () => {
    expect(await answerOverMean('mae')).toBeGreaterThan(Math.LN2 - 0.08);
    expect(await answerOverMean('mae')).toBeLessThan(Math.LN2 + 0.08);
    expect(await answerOverMean('rmse')).toBeGreaterThan(0.92);
    expect(await answerOverMean()).toBe(await answerOverMean('rmse'));
  });

  it('ranks by it, and shows it first', () => {
    const { sample, x } = skewed(600, 2);
    const trial = (id: string, predicted: Float64Array) =>
      judgeTrial(
        {
          ...{ estimator: estimatorById(id), predicted, fitSeconds: 0, predictMs: 0, totalSeconds: 0 },
          fit: () => Promise.reject(new Error('nobody asks')),
        },
        sample,
        { seed: 1, draws: 2 },
      );
    const means = x.map((own) => 1 + 2 * own);
    const trials = [
      trial(
        'linear',
        means.map((own) => own * Math.LN2),
      ),
      trial('tree', means),
    ];
    const first = (decider?: AmountDecider) => rankTableTrials(trials, sample, decider)[0].estimator.id;
    expect([first(), first('rmse'), first('mae')]).toEqual(['tree', 'tree', 'linear']);
    expect(metricsOf('amount', 'mae').slice(0, 2)).toEqual(['mae', 'rmse']);
    expect(metricsOf('binary', 'mae')).toEqual(metricsOf('binary'));
  });
});
