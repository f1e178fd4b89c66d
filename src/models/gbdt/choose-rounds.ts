// How many rounds of boosting unseen customers justify: watched on a sample set aside, or on folds of the training one.
import type { Frame } from '../../core/frame.ts';
import { pause } from '../../core/pause.ts';
import type { Sample } from '../estimator.ts';
import { readInputs } from '../forest/read-inputs.ts';
import { customerFolds, foldRows } from '../sample.ts';
import { leafOf } from '../tree/structure.ts';
import type { BoostedTree, Course } from './course.ts';
import type { BinnedInput } from './grow/grower.ts';
import { type Examples, type Margins, meanLoss, type Objective } from './objectives/objective.ts';

/** Rounds end when the loss of the unseen has not fallen for `patience` of them, or none is left. */
export interface Stopping {
  readonly rounds: number;
  /** 0: never before the last round. */
  readonly patience: number;
  readonly signal?: AbortSignal;
  readonly onRound?: (done: number) => void;
}

/** A smaller gain than this share of the first loss is no reason for another round. */
const TOLERANCE = 1e-5;

/**
 * Plays rounds until `loss` stops falling.
 *
 * @param play adds a round; false when none can be added
 * @param loss of the unseen at present; absent: all rounds are played
 * @returns how many rounds lost least, 0 for none at all
 */
export async function playRounds(
  play: () => Promise<boolean>,
  loss: (() => number) | undefined,
  { rounds, patience, signal, onRound }: Stopping,
): Promise<number> {
  const first = loss?.() ?? 0;
  let [best, lowest] = [0, first];
  for (let round = 1; round <= rounds; round++) {
    await pause(signal);
    if (!(await play())) return loss && patience > 0 ? best : round - 1;
    onRound?.(round);
    if (!loss || patience === 0) continue;
    const present = loss();
    if (present < lowest - TOLERANCE * Math.abs(first)) [best, lowest] = [round, present];
    if (round - best >= patience) return best;
  }
  return loss && patience > 0 ? best : rounds;
}

/** Unseen rows whose margins follow a course from outside. */
export interface Watcher {
  /** Follows trees grown since the last call. */
  follow(trees: readonly BoostedTree[]): void;
  loss(): number;
}

/** @param start margins before any tree, [outputs][rows]; overwritten */
export function watch(objective: Objective, { inputs, frame, examples, start }: WatchedRows): Watcher {
  const values = readInputs(inputs, frame);
  let seen = 0;
  return {
    follow(trees) {
      for (; seen < trees.length; seen++) {
        const tree = trees[seen];
        const margin = start[seen % objective.outputs];
        for (let row = 0; row < margin.length; row++) margin[row] += tree.value[leafOf(tree, values, row)];
      }
    },
    loss: () => meanLoss(objective, examples, start),
  };
}

export interface WatchedRows {
  readonly inputs: readonly BinnedInput[];
  readonly frame: Frame;
  readonly examples: Examples;
  readonly start: Margins;
}

/** A fold of rows nobody in its course learned from. */
export interface Fold {
  readonly inside: Int32Array;
  readonly outside: Int32Array;
}

export const FOLDS = 5;
/** With so many rows three folds of five agree on the number of rounds, and beyond the second bound one does. */
const MANY_ROWS = 3_000;
const VERY_MANY_ROWS = 20_000;

/** With so many moments the later ones can judge what was learned from the earlier. */
const MOMENTS = 5;
/** Parts of the moments, in time; each of the last two is judged on by a course over all before it. */
const STRETCHES = 5;

/**
 * Folds to judge on. Where examples are of several moments, the latest are judged by courses over those before: what all
 * customers of one week share would otherwise be learned from some of them and found again in the others. Else they are cut
 * by customer.
 */
export function judgedFolds({ entities, asOf }: Pick<Sample, 'entities' | 'asOf'>, seed: number): Fold[] {
  const moments = [...new Set(asOf)].sort((a, b) => a - b);
  return moments.length < MOMENTS ? foldsByCustomer(entities, seed) : foldsInTime(asOf, moments);
}

function foldsInTime(asOf: Float64Array, moments: readonly number[]): Fold[] {
  const startOf = (stretch: number) => moments[Math.floor((stretch * moments.length) / STRETCHES)];
  const folds: Fold[] = [];
  for (const stretch of [STRETCHES - 2, STRETCHES - 1]) {
    const [from, to] = [startOf(stretch), startOf(stretch + 1) ?? Number.POSITIVE_INFINITY];
    const rows = (wanted: (moment: number) => boolean) =>
      Int32Array.from(Array.from(asOf.keys()).filter((row) => wanted(asOf[row])));
    folds.push({
      inside: rows((moment) => moment >= from && moment < to),
      outside: rows((moment) => moment < from),
    });
  }
  return folds;
}

/**
 * Where customers are too few to cut by (one shop's weeks, say), blocks of neighbouring rows stand in; none with fewer rows
 * than folds.
 */
function foldsByCustomer(entities: readonly string[], seed: number): Fold[] {
  const rows = entities.length;
  const few = new Set(entities).size < 2 * FOLDS;
  const own = few
    ? Uint8Array.from(entities, (_, row) => Math.floor((row * FOLDS) / rows))
    : customerFolds(entities, FOLDS, seed);
  const judged = rows > VERY_MANY_ROWS ? 1 : rows > MANY_ROWS ? 3 : FOLDS;
  const folds: Fold[] = [];
  for (let fold = 0; fold < judged; fold++) {
    const { inside, outside } = foldRows(own, fold);
    if (inside.length === 0 || outside.length === 0) continue;
    folds.push({ inside: Int32Array.from(inside), outside: Int32Array.from(outside) });
  }
  return folds;
}

/** The number of rounds after which courses that each miss a fold lose least on it, played side by side. */
export function chooseRounds(
  objective: Objective,
  examples: Examples,
  courses: readonly { readonly course: Course; readonly fold: Fold }[],
  stopping: Stopping,
): Promise<number> {
  const play = async () => {
    let grew = false;
    for (const { course } of courses) if (await course.round()) grew = true;
    return grew;
  };
  const loss = () => {
    let sum = 0;
    for (const { course, fold } of courses)
      sum += meanLoss(objective, examples, course.margins, fold.inside) / courses.length;
    return sum;
  };
  return playRounds(play, loss, stopping);
}
