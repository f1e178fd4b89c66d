// What calibration data teach about one trial: how to correct its answers, and how good it is once corrected.
import { takeNumbers } from '../core/frame.ts';
import { DAY_MS } from '../core/time.ts';
import { fitAmountShape } from '../eval/amount-shape.ts';
import { chooseCalibrator } from '../eval/calibration/choose-calibrator.ts';
import { fitVennAbers } from '../eval/calibration/venn-abers.ts';
import { fitAmountInterval } from '../eval/conformal.ts';
import { fitLevel, type LevelOrigin } from '../eval/level.ts';
import { chooseThreshold } from '../eval/threshold.ts';
import { learnTiers } from '../eval/tiers.ts';
import { type Corrections, levelValues, shapeValues } from '../models/calibrated.ts';
import type { Sample } from '../models/estimator.ts';

export interface CorrectedTrial {
  readonly corrections: Corrections;
  /** Corrected predictions of the calibration examples, [rows]; what models are compared by. */
  readonly corrected: Float64Array;
}

/**
 * Learns the corrections of one trial from its unseen predictions.
 *
 * @param raw  uncalibrated predictions of `sample`, [rows]
 */
export function fitCorrections(sample: Sample, raw: Float64Array, seed: number): CorrectedTrial {
  return sample.question.kind === 'binary' ? fitProbability(sample, raw, seed) : fitAmount(sample, raw, seed);
}

/** Either outcome must be seen this often before two probabilities say more than "somewhere between 0 and 1". */
const LEAST_OF_EACH_OUTCOME = 10;

function fitProbability(sample: Sample, raw: Float64Array, seed: number): CorrectedTrial {
  const rows = { actual: sample.target, predicted: raw, entities: sample.entities };
  const { calibrator } = chooseCalibrator(rows, { seed });
  const corrected = levelValues({ calibrator }, raw);
  const threshold = chooseThreshold({ actual: sample.target, predicted: corrected });
  const positives = sample.target.reduce((sum, value) => sum + value, 0);
  const rarer = Math.min(positives, sample.target.length - positives);
  return {
    corrections: {
      calibrator,
      ...(rarer >= LEAST_OF_EACH_OUTCOME ? { probabilityInterval: fitVennAbers(rows) } : {}),
      threshold,
      tiers: learnTiers(corrected, { method: 'customer-share' }),
    },
    corrected,
  };
}

function fitAmount(sample: Sample, raw: Float64Array, seed: number): CorrectedTrial {
  const level = fitLevel(levelOrigins(sample, raw));
  const levelled = levelValues({ level }, raw);
  const shape = fitAmountShape(sample.target, levelled);
  const corrected = shapeValues({ shape }, levelled);
  const interval = fitAmountInterval(
    { actual: sample.target, predicted: levelled, entities: sample.entities },
    { seed },
  );
  return {
    corrections: {
      level,
      ...(shape ? { shape } : {}),
      ...(interval ? { interval } : {}),
      tiers: learnTiers(corrected),
    },
    corrected,
  };
}

function levelOrigins(sample: Sample, raw: Float64Array): LevelOrigin[] {
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
