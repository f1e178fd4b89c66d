// Boosting from start to end: how many rounds, the rounds themselves, and the forest in the unit of the target.
import type { Frame } from '../../core/frame.ts';
import { type Random, random } from '../../core/random.ts';
import type { FitRun, Link, Sample } from '../estimator.ts';
import type { Forest } from '../forest/forest.ts';
import { scoreForest } from '../forest/score.ts';
import { weightedMean } from '../sample.ts';
import { chooseRounds, type Fold, judgedFolds, playRounds, watch } from './choose-rounds.ts';
import { type BoostedTree, type Course, slopesOf, startCourse } from './course.ts';
import { createGrower } from './grow/create-grower.ts';
import type { Grower } from './grow/grower.ts';
import { type BinnedForest, forestOf, scaledTrees, treesOf } from './grown-forest.ts';
import type { Margins, Objective, Slopes } from './objectives/objective.ts';
import { objectiveOf } from './objectives/objective-of.ts';
import type { GbdtSettings, LossName } from './settings.ts';
import { type Aim, aimOf, sameAim } from './targets.ts';

export interface BoostOptions {
  /** As progress names it. */
  readonly task: string;
  readonly settings: GbdtSettings;
  readonly run: FitRun;
  /** Boosted on from here, on its own inputs and bins. */
  readonly earlier?: BinnedForest;
}

export interface Boosted extends BinnedForest {
  readonly loss: LossName;
  readonly link: Link;
}

/** Fewer unseen examples than this say too little; folds of the training customers then choose. */
const MIN_VALID = 100;

/**
 * Learns a forest. The number of rounds is the one that loses least on `valid`; without one, on folds of the training
 * customers, after which all of them are learned from, a little longer for there being more of them.
 *
 * @throws AppError USAGE, BAD_DATA, NOT_ENOUGH_DATA, INTERRUPTED
 */
export async function boostForest(
  train: Sample,
  valid: Sample | undefined,
  options: BoostOptions,
): Promise<Boosted> {
  const { settings, run, earlier } = options;
  const aim = aimOf(train, settings);
  const { examples, scale, loss } = aim;
  const classes = train.question.classes ?? 2;
  const objective = objectiveOf(loss, { settings, classes, examples });
  const grower = await createGrower(train.frame, {
    settings,
    ...((train.weight ?? settings.classWeights) && { weight: examples.weight }),
    threads: threadsWorth(train.frame, run.threads),
    ...(earlier && { inputs: earlier.inputs }),
    ...(run.signal && { signal: run.signal }),
  });
  try {
    const base = earlier
      ? scaledMargins(earlier.forest.base, objective.link, 1 / scale)
      : objective.start(examples);
    const startOf = (frame: Frame) => startMargins(frame, { base, objective, scale, earlier, run });
    const work: Work = {
      ...{ aim, objective, grower, settings, run, task: options.task },
      margins: await startOf(train.frame),
      slopes: slopesOf(grower, objective.outputs),
      draw: random(run.seed).fork('gbdt'),
    };
    const played =
      valid && isTelling(valid) && settings.patience > 0
        ? await watchedCourse(work, valid, await startOf(valid.frame))
        : await foldedCourse(work, train);
    const unit = objective.link === 'identity' ? scale : 1;
    const trees = [...(earlier ? treesOf(earlier.forest) : []), ...scaledTrees(played, unit)];
    const ownBase = scaledMargins(base, objective.link, scale);
    const grown = forestOf(grower.inputs, trees, ownBase);
    const boosted = { ...grown, loss, link: objective.link };
    if (objective.link !== 'log') return boosted;
    return { ...boosted, forest: await levelled(grown.forest, train.frame, { aim, run }) };
  } finally {
    await grower.close();
  }
}

/** With less to do each, threads wait for one another longer than they work. */
const CELLS_A_THREAD = 200_000;

const threadsWorth = ({ rows, columns }: Frame, threads: number): number =>
  Math.max(1, Math.min(threads, Math.floor((rows * columns.length) / CELLS_A_THREAD)));

interface Work {
  readonly task: string;
  readonly aim: Aim;
  readonly objective: Objective;
  readonly grower: Grower;
  readonly settings: GbdtSettings;
  readonly run: FitRun;
  readonly margins: Margins;
  readonly slopes: readonly Slopes[];
  readonly draw: Random;
}

const isTelling = ({ frame, question, target }: Sample): boolean =>
  frame.rows >= MIN_VALID && (question.kind === 'amount' || target.some((y) => y !== target[0]));

function newCourse(work: Work, name: string, rows?: Int32Array): Course {
  const { grower, objective, settings, margins } = work;
  return startCourse({
    ...{ grower, objective, settings, margins },
    examples: work.aim.examples,
    slopes: work.slopes,
    draw: work.draw.fork(name),
    ...(rows && { rows }),
  });
}

async function watchedCourse(work: Work, valid: Sample, start: Margins): Promise<readonly BoostedTree[]> {
  const { objective, settings, run, grower } = work;
  const course = newCourse(work, 'all');
  const watcher = watch(objective, {
    inputs: grower.inputs,
    frame: valid.frame,
    examples: sameAim(valid, work.aim, settings),
    start,
  });
  const play = async () => {
    const grew = await course.round();
    watcher.follow(course.trees);
    return grew;
  };
  const total = settings.forests * settings.trees;
  const report = (done: number) => run.progress.step({ task: work.task, done, total, unit: 'trees' });
  const best = await playRounds(play, watcher.loss, {
    rounds: settings.trees,
    patience: settings.patience,
    signal: run.signal,
    onRound: report,
  });
  const others = await grownForests(work, { from: 1, rounds: best, report });
  report(total);
  return averaged([course.trees.slice(0, best * objective.outputs), ...others]);
}

async function foldedCourse(work: Work, sample: Sample): Promise<readonly BoostedTree[]> {
  const { settings, run, objective } = work;
  const folds = settings.patience > 0 ? judgedFolds(sample, run.seed) : [];
  const judging = folds.length > 0 ? settings.trees : 0;
  const total = judging + settings.forests * settings.trees;
  const report = (done: number) => run.progress.step({ task: work.task, done, total, unit: 'trees' });
  let rounds = settings.trees;
  if (settings.patience > 0) {
    const courses = folds.map((fold, f) => ({ course: newCourse(work, `fold ${f}`, fold.outside), fold }));
    const chosen = await chooseRounds(objective, work.aim.examples, courses, {
      ...{ rounds: settings.trees, patience: settings.patience, signal: run.signal, onRound: report },
    });
    rounds = Math.min(settings.trees, Math.round(chosen * moreRounds(folds)));
  }
  const forests = await grownForests(work, { from: 0, rounds, report: (done) => report(judging + done) });
  report(total);
  return averaged(forests);
}

interface Growing {
  /** The forests before this one are grown already. */
  readonly from: number;
  readonly rounds: number;
  readonly report: (done: number) => void;
}

/** Forests from all rows, each of as many rounds and of draws of its own. */
async function grownForests(
  work: Work,
  { from, rounds, report }: Growing,
): Promise<(readonly BoostedTree[])[]> {
  const { settings, run } = work;
  const forests: (readonly BoostedTree[])[] = [];
  for (let at = from; at < settings.forests; at++) {
    const course = newCourse(work, at === 0 ? 'all' : `all, forest ${at}`);
    await playRounds(() => course.round(), undefined, {
      ...{ rounds, patience: settings.patience, signal: run.signal },
      onRound: (done) => report(at * settings.trees + done),
    });
    forests.push(course.trees);
  }
  return forests;
}

/** Trees of several forests as one whose margin is their mean. */
const averaged = (forests: readonly (readonly BoostedTree[])[]): readonly BoostedTree[] =>
  forests.flatMap((trees) => scaledTrees(trees, 1 / forests.length));

/** More rows bear more rounds, by about the root of how many more: what was noise at the fold's size is signal now. */
function moreRounds(folds: readonly Fold[]): number {
  if (folds.length === 0) return 0;
  const { inside, outside } = folds[folds.length - 1];
  return Math.sqrt((inside.length + outside.length) / outside.length);
}

/** Margins every row starts from, [outputs][rows]. */
async function startMargins(
  frame: Frame,
  { base, objective, scale, earlier, run }: StartOptions,
): Promise<Float64Array[]> {
  const { outputs, link } = objective;
  if (!earlier) return Array.from(base, (margin) => new Float64Array(frame.rows).fill(margin));
  const all = scaledMargins(await scoreForest(earlier.forest, frame, threadsOf(run)), link, 1 / scale);
  return Array.from({ length: outputs }, (_, k) =>
    Float64Array.from({ length: frame.rows }, (_row, row) => all[row * outputs + k]),
  );
}

interface StartOptions {
  readonly base: Float64Array;
  readonly objective: Objective;
  readonly scale: number;
  readonly earlier: BinnedForest | undefined;
  readonly run: FitRun;
}

/** Margins of targets multiplied by `scale`. */
function scaledMargins(margins: Float64Array, link: Link, scale: number): Float64Array {
  if (link === 'identity') return margins.map((margin) => margin * scale);
  return link === 'log' ? margins.map((margin) => margin + Math.log(scale)) : margins.slice();
}

/** The forest on the log scale brought to the training mean: its trees fit effects, and only nearly the level. */
async function levelled(
  forest: Forest,
  frame: Frame,
  { aim, run }: { aim: Aim; run: FitRun },
): Promise<Forest> {
  const margins = await scoreForest(forest, frame, threadsOf(run));
  const shift = Math.log(aim.mean / weightedMean(margins.map(Math.exp), aim.examples.weight));
  return Number.isFinite(shift) ? { ...forest, base: forest.base.map((margin) => margin + shift) } : forest;
}

const threadsOf = ({ threads, signal }: FitRun) => ({ threads, ...(signal && { signal }) });
