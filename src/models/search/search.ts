// Which settings predict unseen customers best: the one search every estimator with a space uses.
import { AppError } from '../../core/errors.ts';
import { random } from '../../core/random.ts';
import type { Folds } from '../cross-fit.ts';
import type { Estimator, FitRun, Sample, SearchSpace, Settings } from '../estimator.ts';
import type { HeldOutLoss } from '../held-out-loss.ts';
import { type Clock, clockUntil } from './clock.ts';
import { goesOn, rungsFor } from './halving.ts';
import { type Judge, judgeOf, type Rung } from './judge.ts';
import { checkSpace, dimensionsOf, isPoint } from './space.ts';
import { propose } from './tpe.ts';

/** One trial as plain JSON: a search given a list of them goes on from there, and given all of them repeats itself. */
export interface SearchTrial {
  /** Empty for the default. */
  readonly settings: Settings;
  /** On rising shares of the rows, as far as the trial did well; none where no model could be fitted. */
  readonly rungs: readonly Rung[];
}

export interface SearchOptions {
  /** At most, the default among them. */
  readonly trials: number;
  /** What decides; by the question when absent. */
  readonly loss?: HeldOutLoss;
  /** Folds of customers; by the rows when absent. Not used with `valid`. */
  readonly folds?: number;
  /** A later period to judge on instead of folds. */
  readonly valid?: Sample;
  /**
   * Folds the settings will be scored over: the choice is then also made without each of them (`chosenOf`). Rows as in
   * `train`. Not used with `valid`.
   */
  readonly groups?: Folds;
  /** UTC ms: nothing is begun that is not expected to end by then. */
  readonly deadlineMs?: number;
  /** Needed with a deadline. */
  readonly now?: () => number;
  /** Trials made before, in their order. */
  readonly past?: readonly SearchTrial[];
}

export interface SearchResult {
  /** Of the chosen trial; empty where the default stays. */
  readonly settings: Settings;
  /** In the order they were made, the default first. */
  readonly trials: readonly SearchTrial[];
  /** Why there are no more of them. */
  readonly ended: 'trials' | 'time' | 'space';
}

/**
 * Tries settings, the default first, and chooses the lowest mean held-out loss; the default stays unless the best is
 * better by more than one standard error of their difference, so that noise of small data changes nothing.
 *
 * Same sample, seed and list of trials give the same choice: only with a deadline does time decide how many there are.
 *
 * @param train  sorted, as estimators get it
 * @param run    its seed cuts the folds and draws the proposals
 * @throws AppError USAGE for a space that cannot be searched, NOT_ENOUGH_DATA when not even the default can be fitted,
 *   INTERRUPTED
 */
export async function searchSettings(
  estimator: Estimator,
  train: Sample,
  options: SearchOptions,
  run: FitRun,
): Promise<SearchResult> {
  const { space, withSettings } = estimator;
  if (!space || !withSettings || dimensionsOf(space).length === 0)
    return { settings: {}, trials: [], ended: 'space' };
  checkSpace(space);
  const judge = judgeOf(estimator, train, options, run);
  const clock = clockUntil(options.deadlineMs, options.now ?? (() => 0));
  const shares = rungsFor(train.frame.rows);
  const start = estimator.settings?.(train.frame.rows) ?? {};
  const trials: SearchTrial[] = [...(options.past ?? [])];
  let ended: SearchResult['ended'] = 'trials';
  const tell = (done: number) =>
    run.progress.step({ task: `search ${estimator.id}`, done, total: options.trials, unit: 'trials' });
  while (trials.length < options.trials) {
    tell(trials.length);
    const first = trials.length === 0;
    if (first ? clock.isTooLate() : clock.isTooLate(shares[0])) {
      ended = 'time';
      break;
    }
    const settings = first ? {} : proposeNext(space, { start, trials, seed: run.seed });
    if (!settings) {
      ended = 'space';
      break;
    }
    trials.push(
      first
        ? await climbAsDefault(shares, { judge, clock })
        : await climb(settings, trials, { judge, clock }),
    );
  }
  tell(options.trials);
  return { settings: chosenOf(trials), trials, ended };
}

/**
 * Only what reached as many rows as the default is compared with it: the others lost on the way.
 *
 * @param without a group whose losses say nothing in the choice, in a search that was given groups; the default where it
 *   was not
 */
export function chosenOf(trials: readonly SearchTrial[], without?: number): Settings {
  const furthest = trials[0]?.rungs.at(-1)?.share;
  let lowest = 0;
  let settings: Settings = {};
  for (const trial of trials) {
    const last = trial.rungs.at(-1);
    if (!last || last.share !== furthest) continue;
    const judged = without === undefined ? last : last.without?.[without];
    if (!judged || judged.difference + judged.standardError >= 0 || judged.difference >= lowest) continue;
    lowest = judged.difference;
    settings = trial.settings;
  }
  return settings;
}

/** How often a proposal that was tried before is drawn anew before the space counts as searched. */
const REDRAWS = 12;

interface History {
  /** The default, where it is known. */
  readonly start: Settings;
  readonly trials: readonly SearchTrial[];
  readonly seed: number;
}

function proposeNext(space: SearchSpace, { start, trials, seed }: History): Settings | undefined {
  // Further is better: only the best of each rung went on. A failed trial has no rung and stands last.
  const reached = (trial: SearchTrial) => trial.rungs.at(-1)?.share ?? 0;
  const difference = (trial: SearchTrial) => trial.rungs.at(-1)?.difference ?? 0;
  const order = [...trials].sort((a, b) => reached(b) - reached(a) || difference(a) - difference(b));
  const tried = order
    .map(({ settings }) => ({ ...start, ...settings }))
    .filter((each) => isPoint(space, each));
  const keyOf = (settings: Settings) => JSON.stringify(dimensionsOf(space).map((name) => settings[name]));
  const known = new Set(tried.map(keyOf));
  for (let redraw = 0; redraw < REDRAWS; redraw++) {
    const draw = random(seed).fork(`trial ${trials.length}.${redraw}`);
    const settings = propose(space, { tried, start, draw });
    if (!known.has(keyOf(settings))) return settings;
  }
  return undefined;
}

interface Means {
  readonly judge: Judge;
  readonly clock: Clock;
}

/** Beside the default, this many trials should fit into the time left, or fewer rows will have to do. */
const WORTH_TRIALS = 6;

async function climbAsDefault(shares: readonly number[], { judge, clock }: Means): Promise<SearchTrial> {
  const rungs: Rung[] = [];
  for (const share of shares) {
    if (rungs.length > 0 && clock.isTooLate(share, WORTH_TRIALS)) break;
    const startedMs = clock.now();
    rungs.push(await judge({}, share));
    clock.took(share, clock.now() - startedMs);
  }
  return { settings: {}, rungs };
}

async function climb(
  settings: Settings,
  before: readonly SearchTrial[],
  { judge, clock }: Means,
): Promise<SearchTrial> {
  const rungs: Rung[] = [];
  for (const { share } of before[0].rungs) {
    if (rungs.length > 0 && clock.isTooLate(share)) break;
    const startedMs = clock.now();
    try {
      rungs.push(await judge(settings, share));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
      return { settings, rungs: [] };
    }
    clock.took(share, clock.now() - startedMs);
    const others = before.flatMap((trial) => trial.rungs.filter((rung) => rung.share === share));
    if (
      !goesOn(
        rungs[rungs.length - 1].difference,
        others.map(({ difference }) => difference),
      )
    )
      break;
  }
  return { settings, rungs };
}
