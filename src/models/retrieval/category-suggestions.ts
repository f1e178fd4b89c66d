// Which category an item belongs to, from its vectors: a logistic head and the nearest items, mixed and calibrated on items
// neither had seen; so every item with a category is judged by a model that did not learn from it.
import { AppError } from '../../core/errors.ts';
import { makeFrame, type VectorColumn } from '../../core/frame.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { hash32 } from '../../core/random.ts';
import { applyClassCalibrator, chooseClassCalibrator } from '../../eval/calibration/class-calibrator.ts';
import { classAccuracy, classLogLoss, confidenceEce } from '../../eval/metrics/classes.ts';
import type { Backend } from '../../tensor/session/session.ts';
import { customerFolds, foldRows } from '../sample.ts';
import { type CategoryTask, type Judged, learnCategories, USUAL_PENALTY } from './category-judge.ts';

export interface CategoryQuestion {
  /** One or more, [items] each; zeros where an item has none. */
  readonly columns: readonly VectorColumn[];
  /** [items]; `''` where it is not known. */
  readonly categories: readonly string[];
  /** Items of one key are never on both sides: titles that say the same. [items] */
  readonly keys: readonly string[];
}

export interface CategoryRun {
  readonly backend: Backend;
  readonly seed: number;
  readonly threads?: number;
  /** Items learned from; 20,000 by default: more say little more about categories, and cost as much again. */
  readonly mostLearned?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface CategorySuggestions {
  /** Categories that can be told: those of five items or more. */
  readonly levels: readonly string[];
  /** Code of the likeliest category of each item, [items]. */
  readonly likeliest: Int32Array;
  /** Its calibrated probability, [items]. */
  readonly probability: Float64Array;
  /** Calibrated probability of the category the item has, [items]; NaN where it has none that can be told. */
  readonly own: Float64Array;
  /** What the judgement is worth, on items not learned from. */
  readonly held: CategoryScores;
}

export interface CategoryScores {
  readonly items: number;
  readonly accuracy: number;
  /** Of always naming the largest category. */
  readonly majority: number;
  readonly logLoss: number;
  /** Of the likeliest one's probability; the one or two numbers of the calibration have seen these items. */
  readonly ece: number;
  /** Share of the nearest items in the mixture, the head having the rest. */
  readonly neighbourShare: number;
}

const LEAST_ITEMS = 5;
const FOLDS = 3;
const MOST_LEARNED = 20_000;
const SHARES = [0, 0.25, 0.5, 0.75, 1];
/** Items judged at a time. */
const CHUNK = 8192;

/** @throws AppError NOT_ENOUGH_DATA without two categories of five items; INTERRUPTED */
export async function suggestCategories(
  question: CategoryQuestion,
  run: CategoryRun,
): Promise<CategorySuggestions> {
  const { categories, columns, keys } = question;
  const levels = tellable(categories);
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  const labels = Int32Array.from(categories, (category) => codeOf.get(category) ?? -1);
  const known = Array.from(labels.keys()).filter((item) => labels[item] >= 0);
  const learned = wholeKeys(known, keys, run);
  const task: CategoryTask = { frame: makeFrame([...columns]), labels, classes: levels.length, run };

  // Every learned item is judged by the folds it is not in.
  const folds = customerFolds(
    learned.map((item) => keys[item]),
    FOLDS,
    run.seed,
  );
  const parts = { head: new Float64Array(learned.length * levels.length), near: new Float64Array(0) };
  parts.near = parts.head.slice();
  let penalty: number | undefined;
  for (let fold = 0; fold < FOLDS; fold++) {
    const { inside, outside } = foldRows(folds, fold);
    if (inside.length === 0 || outside.length === 0) continue;
    const from = outside.map((at) => learned[at]);
    const judge = await learnCategories(task, from, penalty ?? { held: inside.map((at) => learned[at]) });
    penalty = judge.penalty;
    try {
      const said = await judge.say(inside.map((at) => learned[at]));
      inside.forEach((at, i) => {
        parts.head.set(said.head.subarray(i * levels.length, (i + 1) * levels.length), at * levels.length);
        parts.near.set(said.near.subarray(i * levels.length, (i + 1) * levels.length), at * levels.length);
      });
    } finally {
      await judge.close();
    }
    (run.progress ?? silent).step({ task: 'categories', done: fold + 1, total: FOLDS + 1, unit: 'fits' });
  }
  const actual = Float64Array.from(learned, (item) => labels[item]);
  const shares = chooseShare(parts, actual, levels.length);
  const entities = learned.map((item) => keys[item]);
  const mixed = mixture(parts, shares.share);
  const { calibrator } = chooseClassCalibrator(
    { classes: levels.length, actual, predicted: mixed, entities },
    { seed: run.seed },
  );
  const honest = {
    classes: levels.length,
    actual,
    predicted: applyClassCalibrator(calibrator, mixed, levels.length),
  };
  const even = new Float64Array(actual.length).fill(1);

  const suggestions = {
    likeliest: new Int32Array(labels.length),
    probability: new Float64Array(labels.length),
    own: new Float64Array(labels.length).fill(Number.NaN),
  };
  const note = (items: readonly number[], p: Float64Array) => {
    items.forEach((item, i) => {
      const row = p.subarray(i * levels.length, (i + 1) * levels.length);
      let best = 0;
      for (let k = 1; k < row.length; k++) if (row[k] > row[best]) best = k;
      suggestions.likeliest[item] = best;
      suggestions.probability[item] = row[best];
      if (labels[item] >= 0) suggestions.own[item] = row[labels[item]];
    });
  };
  note(learned, honest.predicted);
  const learnedSet = new Set(learned);
  const others = Array.from(labels.keys()).filter((item) => !learnedSet.has(item));
  if (others.length > 0) {
    const judge = await learnCategories(task, learned, penalty ?? USUAL_PENALTY);
    try {
      for (let from = 0; from < others.length; from += CHUNK) {
        const items = others.slice(from, from + CHUNK);
        note(
          items,
          applyClassCalibrator(calibrator, mixture(await judge.say(items), shares.share), levels.length),
        );
      }
    } finally {
      await judge.close();
    }
  }
  (run.progress ?? silent).step({ task: 'categories', done: FOLDS + 1, total: FOLDS + 1, unit: 'fits' });
  return {
    levels,
    ...suggestions,
    held: {
      items: learned.length,
      accuracy: classAccuracy(honest)(even),
      majority: majorityShare(actual, levels.length),
      logLoss: classLogLoss(honest)(even),
      ece: confidenceEce(honest)(even),
      neighbourShare: shares.share,
    },
  };
}

/** As many of the items as are learned from, all or none of a key: twins of an item would tell its category. */
function wholeKeys(
  items: readonly number[],
  keys: readonly string[],
  { seed, mostLearned = MOST_LEARNED }: CategoryRun,
): readonly number[] {
  if (items.length <= mostLearned) return items;
  const salt = hash32(`learned ${seed}`);
  const drawn = new Map(items.map((item) => [item, hash32(keys[item], salt)]));
  const place = (item: number): number => drawn.get(item) as number;
  const order = items.toSorted((a, b) => place(a) - place(b) || a - b);
  let count = mostLearned;
  while (count < order.length && place(order[count]) === place(order[count - 1])) count++;
  return order.slice(0, count).sort((a, b) => a - b);
}

/** Categories of enough items, in the order of their names. */
function tellable(categories: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const category of categories) counts.set(category, (counts.get(category) ?? 0) + 1);
  const levels = [...counts]
    .filter(([level, count]) => level !== '' && count >= LEAST_ITEMS)
    .map(([level]) => level);
  if (levels.length >= 2) return levels.sort();
  throw new AppError(
    'NOT_ENOUGH_DATA',
    `expected at least two categories of ${LEAST_ITEMS} items each to learn from, got ${levels.length}`,
  );
}

const mixture = ({ head, near }: Judged, share: number): Float64Array =>
  head.map((own, i) => (1 - share) * own + share * near[i]);

/** The share of neighbours with the least log loss on items neither part had seen; of equals the smallest. */
function chooseShare(said: Judged, actual: Float64Array, classes: number): { share: number; loss: number } {
  let best = { share: 0, loss: Number.POSITIVE_INFINITY };
  for (const share of SHARES) {
    let loss = 0;
    for (let i = 0; i < actual.length; i++) {
      const at = i * classes + actual[i];
      loss -= Math.log(Math.max(1e-15, (1 - share) * said.head[at] + share * said.near[at]));
    }
    if (loss < best.loss) best = { share, loss };
  }
  return best;
}

function majorityShare(actual: Float64Array, classes: number): number {
  const counts = new Float64Array(classes);
  for (const own of actual) counts[own]++;
  return counts.reduce((most, count) => Math.max(most, count), 0) / Math.max(1, actual.length);
}
