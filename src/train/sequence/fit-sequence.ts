// Fits recommender after recommender, chooses by the validation cases, and ranks the test cases with each.
import { AppError, throwIfAborted } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import { type NextItemCases, takeSequences } from '../../core/sequences.ts';
import type { RankMetricName, Score } from '../../eval/score.ts';
import type { TargetRanks } from '../../eval/sequences/rank-targets.ts';
import { scoreRanks } from '../../eval/sequences/score-ranks.ts';
import { partIdsOf } from '../../models/sequence/catalogue.ts';
import { learnAgain, type NextItemModel, type Recommender } from '../../models/sequence/recommender.ts';
import { deciderAt, type OwnHistory } from './assess-ranks.ts';
import { rankCases } from './rank-cases.ts';
import type { SequenceData } from './sequence-data.ts';

export interface FitSequenceOptions {
  readonly recommenders: readonly Recommender[];
  /** Ids worth choosing; the others stand beside them. */
  readonly choosable: ReadonlySet<string>;
  /** Places down to which rankings are read. */
  readonly at: readonly number[];
  /** What decides between models. */
  readonly ownHistory: OwnHistory;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  /** UTC ms; models that have not begun by then stay out, a model that can stop early does. */
  readonly deadlineMs?: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface SequenceTrial {
  readonly recommender: Recommender;
  /** Of the validation cases; absent without them. */
  readonly valid?: Score;
  readonly ranks: TargetRanks;
  /** Whether the model that ranked the test had learned from the validation targets, too, after they had their say. */
  readonly again: boolean;
  readonly fitSeconds: number;
  readonly casesPerSecond: number;
}

export interface FittedSequence {
  readonly chosen: SequenceTrial;
  readonly model: NextItemModel;
  /** In the order they were asked for. */
  readonly tried: readonly SequenceTrial[];
  /** Best first. */
  readonly trials: readonly SequenceTrial[];
  readonly refused: readonly { readonly recommender: Recommender; readonly reason: string }[];
  /** What decided. */
  readonly decider: RankMetricName;
}

/** Validation cases beyond these tell models apart no better. */
const MOST_VALID = 10_000;
/** Draws behind the leaderboard's intervals; the test's own use the full number. */
const LEADERBOARD_DRAWS = 200;

/**
 * Only the best model so far is kept in memory.
 *
 * @throws AppError NOT_ENOUGH_DATA when no recommender could be fitted; INTERRUPTED
 */
export async function fitSequence(data: SequenceData, options: FitSequenceOptions): Promise<FittedSequence> {
  const { choosable, at, signal, now, deadlineMs } = options;
  const valid = data.valid && drawCases(data.valid, options.seed);
  const decider = deciderAt(at);
  const trials: SequenceTrial[] = [];
  const refused: { recommender: Recommender; reason: string }[] = [];
  let best: Tried | undefined;
  for (const [turn, recommender] of options.recommenders.entries()) {
    throwIfAborted(signal);
    const left = deadlineMs === undefined ? undefined : (deadlineMs - now()) / 1000;
    const told = (data.attributes && recommender.knowing?.(data.attributes)) ?? recommender;
    const reason =
      told.refuses(data.train) ??
      (left !== undefined && left <= 0 && recommender.role === 'model'
        ? 'the time limit was reached before its turn'
        : undefined);
    if (reason !== undefined) {
      refused.push({ recommender, reason });
      continue;
    }
    const { trial: own, model } = await tryOne(data, valid, {
      ...options,
      recommender,
      decider,
      ...(left === undefined ? {} : { seconds: left * timeShare(turn, options.recommenders) }),
    });
    const trial = withParts(own, trials);
    trials.push(trial);
    if (choosable.has(recommender.id) && (!best || isAhead(trial, best.trial))) {
      await best?.model.close?.();
      best = { trial, model };
    } else await model.close?.();
  }
  if (!best) throw nothingFitted(refused);
  const kept = await chosenAgain(data, best, options);
  if (kept !== best) trials[trials.indexOf(best.trial)] = kept.trial;
  const value = ({ valid: score }: SequenceTrial) => score?.value ?? Number.NEGATIVE_INFINITY;
  return {
    chosen: kept.trial,
    model: kept.model,
    tried: trials,
    trials: trials.toSorted((a, b) => value(b) - value(a)),
    refused,
    decider,
  };
}

/** Of what a fit takes that can stop early, so much is enough for one whose parts are fitted. */
const PARTS_KNOWN = 0.25;

/** Of the time left, the share of the recommender whose turn it is: those that can stop early divide it among them. */
function timeShare(turn: number, recommenders: readonly Recommender[]): number {
  const ids = recommenders.map(({ id }) => id);
  const needs = ({ id, within }: Recommender): number => {
    if (!within) return 0;
    const parts = partIdsOf(id);
    return parts.length > 0 && parts.every((part) => ids.includes(part)) ? PARTS_KNOWN : 1;
  };
  const own = needs(recommenders[turn]);
  const all = recommenders.slice(turn).reduce((sum, one) => sum + needs(one), 0);
  return all > 0 ? own / all : 1;
}

/** What it is made of was fitted before, and is part of what it took. */
function withParts(trial: SequenceTrial, before: readonly SequenceTrial[]): SequenceTrial {
  const parts = partIdsOf(trial.recommender.id);
  const known = before.filter(({ recommender }) => parts.includes(recommender.id));
  return { ...trial, fitSeconds: known.reduce((sum, part) => sum + part.fitSeconds, trial.fitSeconds) };
}

async function tryOne(
  data: SequenceData,
  valid: NextItemCases | undefined,
  {
    recommender,
    decider,
    seconds,
    ownHistory,
    at,
    ...run
  }: FitSequenceOptions & { recommender: Recommender; decider: RankMetricName; seconds?: number },
): Promise<Tried> {
  const { now, seed, threads, progress, signal } = run;
  const startedMs = now();
  const limited = seconds === undefined ? recommender : (recommender.within?.(seconds) ?? recommender);
  const told = data.attributes ? (limited.knowing?.(data.attributes) ?? limited) : limited;
  const fitRun = { seed, threads, progress, signal };
  const first = await told.fit(data.train, data.valid, fitRun);
  const fitSeconds = (now() - startedMs) / 1000;
  const ranking = { now, progress, signal };
  const checked = valid && (await rankCases(first, valid, ranking));
  // Where a fit takes little everybody learns again; of the others only the chosen one does.
  const again = valid !== undefined && !recommender.within;
  const model = again ? await learnAgain(told, first, data.known, fitRun) : first;
  if (again) await first.close?.();
  const { ranks, casesPerSecond } = await rankCases(model, data.test, ranking);
  const trial = { recommender, ranks, again, fitSeconds, casesPerSecond };
  if (!valid || !checked) return { trial, model };
  const scores = scoreRanks(checked.ranks[ownHistory], valid.before.entities, {
    at,
    seed,
    draws: LEADERBOARD_DRAWS,
  });
  return { trial: { ...trial, valid: scores[decider] }, model };
}

interface Tried {
  readonly trial: SequenceTrial;
  readonly model: NextItemModel;
}

/** More sequences, and one fit seldom takes exactly as long as the one before. */
const SLOWER = 1.5;

/** The chosen model with the validation targets learned as well, where it has not and the time limit allows for it. */
async function chosenAgain(
  data: SequenceData,
  best: Tried,
  { now, deadlineMs, seed, threads, progress, signal }: FitSequenceOptions,
): Promise<Tried> {
  const { trial, model } = best;
  if (!data.valid || trial.again) return best;
  const { id } = trial.recommender;
  if (deadlineMs !== undefined && now() + SLOWER * 1000 * trial.fitSeconds > deadlineMs) {
    progress.note(`${id} is not learned again from the validation targets: the time limit leaves too little`);
    return best;
  }
  progress.note(`${id} learns again, from the validation targets, too`);
  const run = { seed, threads, progress, signal };
  const final = await learnAgain(trial.recommender, model, data.known, run);
  await model.close?.();
  const { ranks, casesPerSecond } = await rankCases(final, data.test, { now, progress, signal });
  return { trial: { ...trial, ranks, casesPerSecond, again: true }, model: final };
}

/** A model goes before a baseline where there is nothing to choose by. */
const isAhead = (one: SequenceTrial, other: SequenceTrial): boolean =>
  one.valid && other.valid
    ? one.valid.value > other.valid.value
    : one.recommender.role === 'model' && other.recommender.role === 'baseline';

function drawCases(cases: NextItemCases, seed: number): NextItemCases {
  const { before, targets } = cases;
  if (targets.length <= MOST_VALID) return cases;
  const rows = random(seed)
    .fork('choose')
    .shuffle(Uint32Array.from(targets, (_, row) => row))
    .slice(0, MOST_VALID)
    .sort();
  return { before: takeSequences(before, rows), targets: Int32Array.from(rows, (row) => targets[row]) };
}

function nothingFitted(refused: readonly { recommender: Recommender; reason: string }[]): AppError {
  const reasons = refused.map(({ recommender, reason }) => `${recommender.id}: ${reason}`).join('; ');
  return new AppError(
    'NOT_ENOUGH_DATA',
    `expected a model that can learn from these sequences, got none (${reasons})`,
  );
}
