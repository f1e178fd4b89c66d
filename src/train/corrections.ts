// What calibration data teach about one trial: how to correct its answers, and how good it is once corrected.
import { takeNumbers } from '../core/frame.ts';
import { DAY_MS } from '../core/time.ts';
import { fitAmountShape } from '../eval/amount-shape.ts';
import { type CalibrationExamples, chooseCalibrator } from '../eval/calibration/choose-calibrator.ts';
import { fitVennAbers } from '../eval/calibration/venn-abers.ts';
import { chooseAmountInterval } from '../eval/choose-interval.ts';
import type { QuantileBand } from '../eval/conformal-quantile.ts';
import { fitLevel, type LevelOrigin } from '../eval/level.ts';
import { chooseThreshold } from '../eval/threshold.ts';
import { learnTiers } from '../eval/tiers.ts';
import { fitTypicalAmount } from '../eval/typical-amount.ts';
import { type Corrections, levelBand, levelValues, shapeValues } from '../models/calibrated.ts';
import type { Sample } from '../models/estimator.ts';

export interface CorrectedTrial {
  readonly corrections: Corrections;
  /** Corrected predictions of the calibration examples, [rows]. */
  readonly corrected: Float64Array;
}

/** What moves an answer itself; the rest says how sure it is, or what to call it. */
export type ValueCorrections = Pick<Corrections, 'calibrator' | 'level' | 'shape'>;

export interface CorrectionOptions {
  readonly seed: number;
  /** The quantiles of the same unseen answers, for models that have them. */
  readonly band?: QuantileBand;
  /** How earlier moments were missed, to learn from too: the level of amounts, all of a calibration. */
  readonly past?: readonly LevelOrigin[];
}

/** What corrections learn from; row i of everything belongs to one example. */
export type Outcomes = Pick<Sample, 'question' | 'entities' | 'asOf' | 'target'>;

/** @param raw uncalibrated predictions, [rows] */
export function fitValueCorrections(
  outcomes: Outcomes,
  raw: Float64Array,
  { seed, past = [] }: CorrectionOptions,
): ValueCorrections {
  const { question, entities, target } = outcomes;
  if (question.kind === 'binary')
    return {
      calibrator: chooseCalibrator(withPast({ actual: target, predicted: raw, entities }, past), { seed })
        .calibrator,
    };
  const level = fitLevel([...past, ...levelOrigins(outcomes, raw)]);
  const shape = fitAmountShape(target, levelValues({ level }, raw));
  return { level, ...(shape ? { shape } : {}) };
}

export const correctValues = (corrections: ValueCorrections, raw: Float64Array): Float64Array =>
  shapeValues(corrections, levelValues(corrections, raw));

/**
 * Learns the corrections of one trial from its unseen predictions.
 *
 * @param raw uncalibrated predictions of `sample`, [rows]
 */
export function fitCorrections(
  sample: Sample,
  raw: Float64Array,
  options: CorrectionOptions,
): CorrectedTrial {
  return sample.question.kind === 'binary'
    ? fitProbability(sample, raw, options)
    : fitAmount(sample, raw, options);
}

/** Either outcome must be seen this often before two probabilities say more than "somewhere between 0 and 1". */
const LEAST_OF_EACH_OUTCOME = 10;

function fitProbability(sample: Sample, raw: Float64Array, options: CorrectionOptions): CorrectedTrial {
  const rows = withPast(
    { actual: sample.target, predicted: raw, entities: sample.entities },
    options.past ?? [],
  );
  const value = fitValueCorrections(sample, raw, options);
  const corrected = correctValues(value, raw);
  const threshold = chooseThreshold({ actual: sample.target, predicted: corrected });
  const positives = sample.target.reduce((sum, value) => sum + value, 0);
  const rarer = Math.min(positives, sample.target.length - positives);
  return {
    corrections: {
      ...value,
      ...(rarer >= LEAST_OF_EACH_OUTCOME ? { probabilityInterval: fitVennAbers(rows) } : {}),
      threshold,
      tiers: learnTiers(corrected, { method: 'customer-share' }),
    },
    corrected,
  };
}

/** What was said, unseen, of the calibration examples and of earlier moments together. */
function withPast(rows: CalibrationExamples, past: readonly LevelOrigin[]): CalibrationExamples {
  if (past.length === 0) return rows;
  const all = [...past, rows];
  return {
    entities: all.flatMap(({ entities }) => entities),
    actual: Float64Array.from(all.flatMap(({ actual }) => Array.from(actual))),
    predicted: Float64Array.from(all.flatMap(({ predicted }) => Array.from(predicted))),
  };
}

function fitAmount(sample: Sample, raw: Float64Array, options: CorrectionOptions): CorrectedTrial {
  const { seed, band } = options;
  const value = fitValueCorrections(sample, raw, options);
  const levelled = levelValues(value, raw);
  const corrected = shapeValues(value, levelled);
  const typical = fitTypicalAmount(sample.target, levelled);
  const { interval } = chooseAmountInterval(
    {
      actual: sample.target,
      predicted: levelled,
      entities: sample.entities,
      ...(band && { band: levelBand(value, band) }),
    },
    { seed },
  );
  return {
    corrections: {
      ...value,
      ...(typical ? { typical } : {}),
      ...(interval ? { interval } : {}),
      tiers: learnTiers(corrected),
    },
    corrected,
  };
}

function levelOrigins(sample: Outcomes, raw: Float64Array): LevelOrigin[] {
  return [...new Set(sample.asOf)].map((asOf) => {
    const rows = Array.from(sample.asOf.keys()).filter((row) => sample.asOf[row] === asOf);
    return {
      asOf,
      entities: rows.map((row) => sample.entities[row]),
      actual: takeNumbers(sample.target, rows),
      predicted: takeNumbers(raw, rows),
    };
  });
}

export const momentsOf = (sample: Sample) => ({
  asOf: sample.asOf,
  horizonMs: sample.question.horizonDays * DAY_MS,
});
