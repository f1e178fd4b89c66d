// Every loss beside LightGBM's: on the same rows, with the same settings, unseen rows lose as little.
import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { silent } from '../../core/progress.ts';
import type { Question, Sample, Settings } from '../estimator.ts';
import { takeSample } from '../sample.ts';
import { gbdt } from './gbdt.ts';
import { madeUpGrowSettings } from './grow/made-up-table.ts';
import { huber } from './objectives/huber.ts';
import { meanLoss } from './objectives/objective.ts';
import { objectiveOf } from './objectives/objective-of.ts';
import type { LossName } from './settings.ts';

/** @source LightGBM 4.7.0, `python bench/peers/gbdt_goldens.py`; `start` is the loss of one answer for all rows. */
const PEER: Readonly<Record<LossName, { start: number; peer: number }>> = {
  logistic: { start: 0.691815, peer: 0.630179 },
  softmax: { start: 0.983116, peer: 0.586391 },
  squared: { start: 0.691449, peer: 0.389363 },
  absolute: { start: 0.826765, peer: 0.534232 },
  huber: { start: 0.466067, peer: 0.232443 },
  quantile: { start: 0.34144, peer: 0.203567 },
  poisson: { start: 0.960764, peer: 0.828108 },
  tweedie: { start: 4.053407, peer: 3.674532 },
};

const ROWS = 4000;
const LEVELS = 12;
const CLASSES = 3;

/** The generator of the Python script, draw for draw. */
function table(): { x: Float64Array[]; targets: Record<Kind, Float64Array> } {
  let state = 7;
  const take = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const x = Array.from({ length: 5 }, () => new Float64Array(ROWS));
  const column = () => new Float64Array(ROWS);
  const targets = { outcome: column(), class: column(), amount: column(), count: column(), money: column() };
  for (let i = 0; i < ROWS; i++) {
    const [a, b, c, d] = [take(), take(), take(), take()];
    const level = Math.floor(LEVELS * take());
    const effect = (a > 0.6 && b < 0.5 ? 1.5 : 0) + c * (level % 3 === 0 ? 1 : -0.4) + 0.5 * a;
    [a, take() < 0.1 ? Number.NaN : b, c, d, level].forEach((value, j) => {
      x[j][i] = value;
    });
    const noise = take() + take() + take() - 1.5;
    const wild = take() < 0.03 ? 6 : 1;
    targets.amount[i] = effect + wild * noise;
    targets.outcome[i] = Number(take() < Math.min(0.95, Math.max(0.05, 0.3 + 0.3 * effect)));
    targets.class[i] = Math.min(CLASSES - 1, Math.max(0, Math.trunc(effect + noise + 0.5)));
    targets.count[i] = Math.trunc((1 + effect) * 3 * take() * take());
    targets.money[i] = take() < 0.5 ? 0 : (0.2 + 3 * Math.max(0, effect)) * 4 * take() * take();
  }
  return { x, targets };
}

type Kind = 'outcome' | 'class' | 'amount' | 'count' | 'money';

const KINDS: Readonly<Record<LossName, Kind>> = {
  logistic: 'outcome',
  softmax: 'class',
  squared: 'amount',
  absolute: 'amount',
  huber: 'amount',
  quantile: 'amount',
  poisson: 'count',
  tweedie: 'money',
};

const SETTINGS: Settings = {
  ...{ trees: 60, patience: 0, leaves: 12, learningRate: 0.1, minRows: 20, ridge: 1, bins: 255 },
  ...{ columnShare: 1, categoryRidge: 10, minLevelRows: 1 },
};

const { x, targets } = table();

function sampleOf(kind: Kind): Sample {
  const named = (name: string) => ({
    name,
    label: { en: name, zh: name },
    unit: 'none' as const,
    group: name,
  });
  const numbers = x.slice(0, 4).map((values, j) => ({ ...named(`x${j}`), kind: 'number' as const, values }));
  const levels = Array.from({ length: LEVELS }, (_, level) => `level ${level}`);
  const category = { ...named('level'), kind: 'category' as const, levels, codes: Int32Array.from(x[4]) };
  const own = {
    outcome: 'binary',
    class: 'classes',
    amount: 'amount',
    count: 'amount',
    money: 'amount',
  } as const;
  const question: Question = {
    ...{ kind: own[kind], outcome: 'other', horizonDays: 1, discountPerYear: 0 },
    ...(kind === 'class' && { classes: CLASSES }),
  };
  return {
    ...{ question, frame: makeFrame([...numbers, category]), target: targets[kind] },
    entities: Array.from({ length: ROWS }, (_, row) => `row ${row}`),
    asOf: new Float64Array(ROWS),
  };
}

/** The share of amounts within 1 of the median: LightGBM is told where squares end, we how many are squares. */
function shareWithinOne(target: Float64Array): number {
  const median = target.slice().sort()[target.length / 2 - 1];
  return target.filter((y) => Math.abs(y - median) <= 1).length / target.length;
}

describe.each(Object.keys(PEER) as LossName[])('boosting the loss %s', (loss) => {
  it('loses as little on unseen rows as LightGBM', async () => {
    const sample = sampleOf(KINDS[loss]);
    const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
    const [train, test] = [rows.slice(0, ROWS / 2), rows.slice(ROWS / 2)].map((own) =>
      takeSample(sample, own),
    );
    const quantile = loss === 'huber' ? shareWithinOne(train.target) : 0.8;
    // LightGBM takes half steps here (its poisson_max_delta_step of .7 doubles the bend).
    const learningRate = loss === 'poisson' ? 0.05 : 0.1;
    const estimator = gbdt.withSettings!({ ...SETTINGS, loss, quantile, learningRate });
    const model = await estimator.fit(train, undefined, { seed: 1, threads: 1, progress: silent });
    const margin = await model.margin(test.frame);
    const classes = loss === 'softmax' ? CLASSES : 1;
    const margins = Array.from({ length: classes }, (_, k) => margin.filter((_m, i) => i % classes === k));
    const examples = { target: test.target, weight: new Float64Array(test.target.length).fill(1) };
    const measure = { settings: madeUpGrowSettings({ quantile: 0.8 }), classes, examples };
    const objective = loss === 'huber' ? huber(1) : objectiveOf(loss, measure);
    const { start, peer } = PEER[loss];
    // Of what LightGBM gains on one answer for all, no more than a twentieth may be missing.
    expect(meanLoss(objective, examples, margins)).toBeLessThan(peer + 0.05 * (start - peer));
  });
});
