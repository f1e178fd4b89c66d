// Class probabilities made honest: left alone, one temperature for all, or a scale and a shift for each class.
import { AppError } from '../../core/errors.ts';
import { takeNumbers } from '../../core/frame.ts';
import { hash32 } from '../../core/random.ts';
import { clustersOf } from '../bootstrap.ts';
import { type ClassPredictions, checkClasses } from '../metrics/classes.ts';
import { checkLength } from '../metrics/predictions.ts';
import { meanLoss, withinNoise } from '../within-noise.ts';

export type ClassCalibrationMethod = 'identity' | 'temperature' | 'vector';

/** Fitted on calibration data; plain JSON. Probabilities become softmax of `scale · ln p + shift`. */
export type ClassCalibrator =
  | { readonly method: 'identity' }
  /** One scale (an inverse temperature) keeps the order of classes in every row. */
  | { readonly method: 'temperature'; readonly scale: number }
  /** [classes] each. */
  | { readonly method: 'vector'; readonly scale: readonly number[]; readonly shift: readonly number[] };

/** Simplest first. */
export const CLASS_CALIBRATION_METHODS: readonly ClassCalibrationMethod[] = [
  'identity',
  'temperature',
  'vector',
];

/** Probabilities are kept this far from 0 before a logarithm. */
const EDGE = 1e-6;
/** Strength of the pull towards scale 1 and shift 0, as if this many rows already said "leave it as it is". */
const PRIOR_ROWS = 1;
/** Scales stay within these, so that no row is turned round or made sure. */
const SCALES = [0.05, 5] as const;
const MOST_STEPS = 200;

/**
 * Fits one method by penalised log loss.
 *
 * @param rows calibration data, never test data
 * @throws AppError as `checkClasses`
 * @see Guo et al. 2017, §4.2, arXiv:1706.04599
 */
export function fitClassCalibrator(method: ClassCalibrationMethod, rows: ClassPredictions): ClassCalibrator {
  checkClasses(rows);
  if (method === 'identity') return { method };
  const logs = rows.predicted.map((p) => Math.log(Math.max(EDGE, p)));
  const shared = fitScales(rows, logs, { own: false });
  if (method === 'temperature') return { method, scale: shared.scale[0] };
  const { scale, shift } = fitScales(rows, logs, { own: true, start: shared.scale[0] });
  return { method, scale: Array.from(scale), shift: Array.from(shift) };
}

/** Calibrated probabilities, [rows, classes]; the input is left as it is. @throws AppError SHAPE for other classes */
export function applyClassCalibrator(
  calibrator: ClassCalibrator,
  predicted: Float64Array,
  classes: number,
): Float64Array {
  if (calibrator.method === 'identity') return predicted.slice();
  const { scale, shift } =
    calibrator.method === 'vector'
      ? calibrator
      : {
          scale: new Array<number>(classes).fill(calibrator.scale),
          shift: new Array<number>(classes).fill(0),
        };
  if (scale.length !== classes)
    throw new AppError(
      'SHAPE',
      `the calibration knows ${scale.length} classes, the predictions have ${classes}`,
    );
  const logs = predicted.map((p) => Math.log(Math.max(EDGE, p)));
  return softmaxOf(logs, { classes, scale, shift });
}

interface Scales {
  readonly classes: number;
  readonly scale: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
}

/** @param logs [rows, classes] */
function softmaxOf(logs: Float64Array, { classes, scale, shift }: Scales): Float64Array {
  const out = new Float64Array(logs.length);
  for (let from = 0; from < logs.length; from += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      out[from + k] = scale[k] * logs[from + k] + shift[k];
      largest = Math.max(largest, out[from + k]);
    }
    let total = 0;
    for (let k = 0; k < classes; k++) total += out[from + k] = Math.exp(out[from + k] - largest);
    for (let k = 0; k < classes; k++) out[from + k] /= total;
  }
  return out;
}

/**
 * Gradient descent with diagonal curvature and halved steps; the loss is convex, so wherever it stops is the bottom.
 *
 * @param own a scale and a shift for each class instead of one scale
 */
function fitScales(
  { classes, actual }: ClassPredictions,
  logs: Float64Array,
  { own, start = 1 }: { own: boolean; start?: number },
): { scale: Float64Array; shift: Float64Array } {
  let scale = new Float64Array(classes).fill(start);
  let shift = new Float64Array(classes);
  const lossAt = (scales: Float64Array, shifts: Float64Array) => {
    const said = softmaxOf(logs, { classes, scale: scales, shift: shifts });
    const fit = actual.reduce((sum, k, i) => sum - Math.log(Math.max(1e-15, said[i * classes + k])), 0);
    const pull = (own ? scales : scales.subarray(0, 1)).reduce((sum, one) => sum + (one - 1) ** 2, 0);
    return { said, loss: fit + (PRIOR_ROWS / 2) * (pull + shifts.reduce((sum, one) => sum + one * one, 0)) };
  };
  let here = lossAt(scale, shift);
  for (let step = 0; step < MOST_STEPS; step++) {
    const moves = movesAt(here.said, { classes, actual, logs, scale, shift, own });
    let size = 1;
    let next = here;
    for (; size > 1e-6; size /= 2) {
      const scales = scale.map((one, k) =>
        Math.min(SCALES[1], Math.max(SCALES[0], one - size * moves.scale[k])),
      );
      const shifts = shift.map((one, k) => one - size * moves.shift[k]);
      next = lossAt(scales, shifts);
      if (next.loss > here.loss) continue;
      scale = scales;
      shift = shifts;
      break;
    }
    if (size <= 1e-6) break;
    const gained = here.loss - next.loss;
    here = next;
    if (gained < 1e-9 * (1 + here.loss)) break;
  }
  return { scale, shift };
}

interface At extends Scales {
  readonly actual: Float64Array;
  readonly logs: Float64Array;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  readonly own: boolean;
}

/** Gradient over curvature of every number, as far as one may go if it moved alone. */
function movesAt(said: Float64Array, { classes, actual, logs, scale, shift, own }: At) {
  const gradient = { scale: new Float64Array(classes), shift: new Float64Array(classes) };
  const curvature = { scale: new Float64Array(classes), shift: new Float64Array(classes) };
  let [together, bend] = [PRIOR_ROWS * (scale[0] - 1), PRIOR_ROWS];
  for (let k = 0; k < classes; k++) {
    gradient.scale[k] = PRIOR_ROWS * (scale[k] - 1);
    gradient.shift[k] = PRIOR_ROWS * shift[k];
    curvature.scale[k] = curvature.shift[k] = PRIOR_ROWS;
  }
  for (let i = 0; i < actual.length; i++) {
    let mean = 0;
    let square = 0;
    for (let k = 0; k < classes; k++) {
      const at = i * classes + k;
      const off = said[at] - (actual[i] === k ? 1 : 0);
      const spread = said[at] * (1 - said[at]);
      gradient.scale[k] += off * logs[at];
      gradient.shift[k] += off;
      curvature.scale[k] += spread * logs[at] * logs[at];
      curvature.shift[k] += spread;
      together += off * logs[at];
      mean += said[at] * logs[at];
      square += said[at] * logs[at] * logs[at];
    }
    bend += square - mean * mean;
  }
  if (!own)
    return { scale: new Float64Array(classes).fill(together / bend), shift: new Float64Array(classes) };
  // Moved at once the classes push each other: half of what each would go alone.
  return {
    scale: gradient.scale.map((slope, k) => slope / (2 * curvature.scale[k])),
    shift: gradient.shift.map((slope, k) => slope / (2 * curvature.shift[k])),
  };
}

/** Every class must be seen this often before a method is tried at all. */
const LEAST_OF_EACH_CLASS: Readonly<Record<ClassCalibrationMethod, number>> = {
  identity: 0,
  temperature: 5,
  vector: 50,
};

export interface ClassCalibrationChoice {
  readonly calibrator: ClassCalibrator;
  /** Log loss on customers a method was not fitted on, simplest first. */
  readonly trials: readonly { readonly method: ClassCalibrationMethod; readonly logLoss: number }[];
}

/** Chooses by log loss over folds of customers, the simplest within noise, then fits the winner on everything. */
export function chooseClassCalibrator(
  rows: ClassPredictions & { readonly entities: readonly string[] },
  options: { seed: number; folds?: number },
): ClassCalibrationChoice {
  checkClasses(rows);
  const { classes, actual, predicted, entities } = rows;
  checkLength('entities', entities, actual.length);
  const counts = new Float64Array(classes);
  for (const own of actual) counts[own]++;
  const rarest = Math.min(...counts);
  const methods = CLASS_CALIBRATION_METHODS.filter((method) => rarest >= LEAST_OF_EACH_CLASS[method]);
  const folds = options.folds ?? 5;
  const fold = entities.map((entity) => hash32(entity, hash32(`calibration ${options.seed}`)) % folds);
  const take = (indices: readonly number[]): ClassPredictions => ({
    classes,
    actual: takeNumbers(actual, indices),
    predicted: takeNumbers(
      predicted,
      indices.flatMap((row) => Array.from({ length: classes }, (_, k) => row * classes + k)),
    ),
  });
  const losses = methods.map(() => new Float64Array(actual.length));
  for (const held of new Set(fold)) {
    const inside = fold.flatMap((own, row) => (own === held ? [row] : []));
    const outside = fold.flatMap((own, row) => (own === held ? [] : [row]));
    const [own, others] = [take(inside), take(outside)];
    methods.forEach((method, at) => {
      const calibrator: ClassCalibrator =
        outside.length === 0 ? { method: 'identity' } : fitClassCalibrator(method, others);
      const said = applyClassCalibrator(calibrator, own.predicted, classes);
      inside.forEach((row, i) => {
        losses[at][row] = -Math.log(Math.max(1e-15, said[i * classes + actual[row]]));
      });
    });
  }
  const best = losses.reduce((least, loss) => (meanLoss(loss) < meanLoss(least) ? loss : least));
  const clusters = clustersOf(entities);
  const chosen = methods[losses.findIndex((loss) => withinNoise(loss, best, clusters))];
  return {
    calibrator: fitClassCalibrator(chosen, rows),
    trials: methods.map((method, at) => ({ method, logLoss: meanLoss(losses[at]) })),
  };
}
