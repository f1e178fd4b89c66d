// Ensemble selection: members join one by one, again and again, whoever lowers the held-out loss most.
import { pause } from '../../core/pause.ts';
import { type Random, random } from '../../core/random.ts';
import type { Question } from '../estimator.ts';
import { type HeldOutLoss, rowLosses } from '../held-out-loss.ts';
import { spreadRows } from '../sample.ts';
import { fromOpinions, takeOpinions } from './opinion.ts';
import type { Mixture, Opinions } from './weights.ts';

export interface GreedyOptions {
  readonly question: Question;
  readonly loss: HeldOutLoss;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Selections, each from a random half of the members, whose counts are averaged: one alone overfits. */
const BAGS = 8;
/** Members of one selection, the same one as often as it helps. */
const MOST_PICKS = 20;
/** Rows behind a selection; more would not change whom it picks. */
const MOST_ROWS = 6_000;

/**
 * Weights that sum to 1, as shares of how often each member was picked.
 *
 * @see Caruana et al. 2004, Ensemble Selection from Libraries of Models: with replacement, begun with the best, bagged
 */
export async function selectGreedily(opinions: Opinions, options: GreedyOptions): Promise<Mixture> {
  const kept = spreadRows(opinions.target.length, MOST_ROWS);
  const thin = kept ? takeOpinions(opinions, kept, options.question) : opinions;
  const { members } = thin;
  const draw = random(options.seed).fork('greedy');
  const lossOf = lossOn(thin, options);
  const alone = members.map((opinion) => lossOf(opinion));
  const weights = members.map(() => 0);
  for (let bag = 0; bag < BAGS; bag++) {
    await pause(options.signal);
    const counts = pick(members, { invited: halfOf(members.length, draw), alone, lossOf });
    const picks = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, k) => {
      weights[k] += count / picks / BAGS;
    });
  }
  return { intercept: 0, weights };
}

/** At least two, where there are two. */
function halfOf(members: number, draw: Random): number[] {
  const order = draw.shuffle(Array.from({ length: members }, (_, k) => k));
  return order.slice(0, Math.max(Math.min(2, members), Math.ceil(members / 2)));
}

interface Selection {
  readonly invited: readonly number[];
  /** Loss of each member by itself. */
  readonly alone: readonly number[];
  readonly lossOf: (opinion: Float64Array) => number;
}

/** How often each member is picked. */
function pick(members: readonly Float64Array[], { invited, alone, lossOf }: Selection): number[] {
  const counts = members.map(() => 0);
  const first = invited.reduce((best, k) => (alone[k] < alone[best] ? k : best));
  counts[first] = 1;
  const sum = members[first].slice();
  const mean = new Float64Array(sum.length);
  let lowest = alone[first];
  for (let picks = 1; picks < MOST_PICKS; picks++) {
    let next = -1;
    for (const k of invited) {
      for (let i = 0; i < sum.length; i++) mean[i] = (sum[i] + members[k][i]) / (picks + 1);
      const loss = lossOf(mean);
      if (loss < lowest) [lowest, next] = [loss, k];
    }
    if (next < 0) break;
    counts[next]++;
    for (let i = 0; i < sum.length; i++) sum[i] += members[next][i];
  }
  return counts;
}

/** The weighted mean loss of what opinions come to. */
function lossOn({ target, weight }: Opinions, { question, loss }: GreedyOptions) {
  return (opinion: Float64Array): number => {
    const predicted = fromOpinions(opinion.slice(), question);
    const losses = rowLosses(loss, { question, target, predicted });
    let [sum, total] = [0, 0];
    for (let i = 0; i < losses.length; i++) {
      sum += weight[i] * losses[i];
      total += weight[i];
    }
    return sum / total;
  };
}
