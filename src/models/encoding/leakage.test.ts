import { beforeAll, describe, expect, it } from 'vitest';
import { type CategoryColumn, makeFrame, type NumberColumn, type TextColumn } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { silent } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { encoded, estimatorById, fitModel } from '../catalogue.ts';
import type { FitRun, Model, Question, Sample } from '../estimator.ts';
import { takeSample } from '../sample.ts';
import { applyEncoders, type FittedEncoders, fitEncoders } from './encoders.ts';
import { planEncoding } from './plan.ts';

const RUN: FitRun = { seed: 3, threads: 1, progress: silent };
const BUYS: Question = { kind: 'binary', outcome: 'other', horizonDays: 0, discountPerYear: 0 };
const TRAIN = 3000;
const LEVELS = 5000;

const about = (id: string) => ({ name: id, label: name(id, id), unit: 'none', group: 'test' }) as const;

/**
 * One number that knows something; 5,000 levels and 3,000 words that know nothing, or of which each has a small effect of
 * its own.
 */
function madeUpTable(rows: number, seed: number, effect = 0): Sample {
  const draw = random(seed);
  const effects = Float64Array.from({ length: LEVELS }, () => effect * draw.normal());
  const x = Float64Array.from({ length: rows }, () => draw.normal());
  const words = Array.from(
    { length: 3000 },
    (_, i) =>
      `w${String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26), 97 + Math.floor(i / 676))}`,
  );
  const codes = Int32Array.from(x, () => draw.integer(LEVELS));
  const picks = Array.from(x, () => Array.from({ length: 12 }, () => draw.integer(3000)));
  const margins = x.map(
    (value, i) => value + effects[codes[i]] + picks[i].reduce((sum, w) => sum + effects[w], 0) / 4,
  );
  const number: NumberColumn = { ...about('x'), kind: 'number', values: x };
  const level: CategoryColumn = {
    ...about('level'),
    kind: 'category',
    codes,
    levels: Array.from({ length: LEVELS }, (_, i) => `level ${i}`),
  };
  const text: TextColumn = {
    ...about('text'),
    kind: 'text',
    values: picks.map((own) => own.map((w) => words[w]).join(' ')),
  };
  return {
    question: BUYS,
    frame: makeFrame([number, level, text]),
    entities: Array.from(x, (_, i) => `row ${String(i).padStart(6, '0')}`),
    asOf: new Float64Array(rows),
    target: margins.map((margin) => Number(draw.uniform() < 1 / (1 + Math.exp(-margin)))),
  };
}

function areaUnderCurve(scores: Float64Array, target: Float64Array): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let ranks = 0;
  let positives = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    for (let k = from; k < to; k++) {
      if (target[order[k]] !== 1) continue;
      ranks += (from + to + 1) / 2;
      positives++;
    }
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives));
}

const valuesOf = (frame: FittedEncoders['frame'], column: string): Float64Array =>
  (frame.columns.find((each) => each.name === column) as NumberColumn).values;

describe('encodings of what knows nothing', () => {
  const all = madeUpTable(2 * TRAIN, 8);
  const train = takeSample(
    all,
    Array.from({ length: TRAIN }, (_, i) => i),
  );
  const test = takeSample(
    all,
    Array.from({ length: TRAIN }, (_, i) => TRAIN + i),
  );
  let fitted: FittedEncoders;
  beforeAll(async () => {
    fitted = await fitEncoders(planEncoding(train.frame), train, RUN);
  });

  it.each(['level › outcome', 'text › words'])(
    '%s tells training rows nothing of their own outcome',
    async (column) => {
      const area = areaUnderCurve(valuesOf(fitted.frame, column), train.target);
      // 3,000 rows: one standard error of an area of a half is .0105.
      expect(Math.abs(area - 0.5)).toBeLessThan(0.042);
    },
  );

  it.each(['logistic', 'tree'])('cost %s next to nothing, and gain it nothing', async (id) => {
    const bare = (sample: Sample): Sample => ({ ...sample, frame: makeFrame([sample.frame.columns[0]]) });
    const areaOf = async (model: Model, { frame, target }: Sample) =>
      areaUnderCurve(await model.predict(frame), target);
    const plain = await fitModel(estimatorById(id), bare(train), undefined, RUN);
    const loaded = await fitModel(encoded(estimatorById(id)), train, undefined, RUN);
    const lost = (await areaOf(plain, bare(test))) - (await areaOf(loaded, test));
    expect(Math.abs(lost)).toBeLessThan(0.015);
    // Nor do the training rows look better to the model inside, as they would with a leak.
    const inside = { ...train, frame: fitted.frame };
    const inner = await fitModel(estimatorById(id), inside, undefined, RUN);
    expect(await areaOf(inner, inside)).toBeLessThan((await areaOf(plain, bare(train))) + 0.03);
  });
});

describe('encodings of what knows something', () => {
  const all = madeUpTable(2 * TRAIN, 9, 1);
  const [train, test] = [0, TRAIN].map((from) =>
    takeSample(
      all,
      Array.from({ length: TRAIN }, (_, i) => from + i),
    ),
  );

  it.each(['level › outcome', 'text › words'])(
    '%s rank training rows no better than rows not seen',
    async (column) => {
      const fitted = await fitEncoders(planEncoding(train.frame), train, RUN);
      const onTraining = areaUnderCurve(valuesOf(fitted.frame, column), train.target);
      const unseen = await applyEncoders(fitted.encoders, test.frame);
      const onUnseen = areaUnderCurve(valuesOf(unseen, column), test.target);
      expect(onUnseen).toBeGreaterThan(0.52);
      // New rows hear all folds, so they may be ranked better; never worse than luck (.0105 a side) explains.
      expect(onTraining).toBeLessThan(onUnseen + 0.04);
      // Without the folds the training rows would be ranked far better than anyone can.
      const told = await applyEncoders(fitted.encoders, train.frame);
      expect(areaUnderCurve(valuesOf(told, column), train.target)).toBeGreaterThan(onUnseen + 0.1);
    },
  );
});
