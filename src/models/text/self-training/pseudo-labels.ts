// Labels that teachers give to texts nobody labelled: as often of each class as people gave them, and how sure of each.
import { invariant } from '../../../core/errors.ts';

export interface PseudoLabels {
  /** A class; 0 or 1 of yes-or-no questions, [rows] */
  readonly target: Float64Array;
  /** How sure, from 0 where two classes are as likely, to 1, [rows] */
  readonly weight: Float64Array;
}

/** Margins of one usual distance count as log-odds of so much: teachers of few labels are timid. */
const SHARPNESS = 3;
const ROUNDS = 3;
const STEPS = 40;

/** Score of a class in a row. */
type Score = (row: number, k: number) => number;

/**
 * What teachers say, moved class by class until each class is met as often as among the labels: a model of few labels leans
 * to the frequent class, and its students would lean further. Only differences between classes count, in units of their
 * usual distance, so that timid and boastful teachers teach alike.
 *
 * @param margins log-odds of yes, [rows], or logarithms of the probabilities of classes, [rows, classes]
 * @param shares  of the classes among the labels, each above 0, [classes]; of no and yes where margins are log-odds
 * @param rows    two classes may come either way
 */
export function pseudoLabels(margins: Float64Array, shares: readonly number[], rows: number): PseudoLabels {
  const classes = shares.length;
  const isOdds = classes === 2 && margins.length === rows;
  invariant(isOdds || margins.length === rows * classes, 'margins come one a row, or one a class');
  const offsets = new Float64Array(classes);
  const score: Score = (row, k) => offsets[k] + (isOdds ? k * margins[row] : margins[row * classes + k]);
  let distance = usualDistance(rows, classes, score);
  for (let round = 0; round < ROUNDS && distance > 0; round++) {
    balance(offsets, { rows, shares, score, unit: distance / SHARPNESS });
    distance = usualDistance(rows, classes, score);
  }
  const target = new Float64Array(rows);
  const weight = new Float64Array(rows);
  if (distance === 0) return { target, weight };
  const likely = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    soften(likely, row, score, distance / SHARPNESS);
    const { best, first, second } = topTwo(classes, (k) => likely[k]);
    target[row] = best;
    weight[row] = first - second;
  }
  return { target, weight };
}

interface Balancing {
  readonly rows: number;
  readonly shares: readonly number[];
  /** With the offsets as they stand. */
  readonly score: Score;
  /** What counts as one of log-odds. */
  readonly unit: number;
}

/** Offsets under which classes come as often as `shares` say, in place. */
function balance(offsets: Float64Array, { rows, shares, score, unit }: Balancing): void {
  const classes = shares.length;
  const likely = new Float64Array(classes);
  const met = new Float64Array(classes);
  for (let step = 0; step < STEPS; step++) {
    met.fill(0);
    for (let row = 0; row < rows; row++) {
      soften(likely, row, score, unit);
      for (let k = 0; k < classes; k++) met[k] += likely[k] / rows;
    }
    for (let k = 0; k < classes; k++) offsets[k] += unit * Math.log(shares[k] / Math.max(met[k], 1e-9));
  }
}

function soften(likely: Float64Array, row: number, score: Score, unit: number): void {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < likely.length; k++) top = Math.max(top, score(row, k));
  let sum = 0;
  for (let k = 0; k < likely.length; k++) {
    likely[k] = Math.exp((score(row, k) - top) / unit);
    sum += likely[k];
  }
  for (let k = 0; k < likely.length; k++) likely[k] /= sum;
}

/** Root mean square of how far the best class stands above the next. */
function usualDistance(rows: number, classes: number, score: Score): number {
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    const { first, second } = topTwo(classes, (k) => score(row, k));
    squares += (first - second) ** 2;
  }
  return Math.sqrt(squares / Math.max(1, rows));
}

function topTwo(classes: number, value: (k: number) => number) {
  let best = 0;
  let [first, second] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < classes; k++) {
    const own = value(k);
    if (own > first) {
      second = first;
      first = own;
      best = k;
    } else if (own > second) second = own;
  }
  return { best, first, second };
}
