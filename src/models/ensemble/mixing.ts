// From what members said of unseen customers to how much each is listened to, whatever the kind of ensemble.
import type { Question } from '../estimator.ts';
import type { HeldOutLoss } from '../held-out-loss.ts';
import { selectGreedily } from './greedy.ts';
import { fromOpinions } from './opinion.ts';
import { type Mixture, mixAmounts, mixClasses, mixProbabilities, type Opinions } from './weights.ts';

/** `mean`: alike. `stack`: weights of a regression on the opinions. `greedy`: how often a greedy selection picks each. */
export type EnsembleKind = 'mean' | 'stack' | 'greedy';

export const alike = (members: number): Mixture => ({
  intercept: 0,
  weights: Array.from({ length: members }, () => 1 / members),
});

export interface MixOptions {
  readonly question: Question;
  readonly loss: HeldOutLoss;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Learns the mixture; all alike where nothing can be learned: one member, one outcome, or nobody worth hearing. */
export async function learnMixture(
  kind: EnsembleKind,
  opinions: Opinions,
  options: MixOptions,
): Promise<Mixture> {
  const { members, target } = opinions;
  const even = alike(members.length);
  if (kind === 'mean' || members.length < 2 || target.every((y) => y === target[0])) return even;
  const learned =
    kind === 'greedy'
      ? await selectGreedily(opinions, options)
      : await STACKS[options.question.kind](opinions, options.signal);
  return learned.weights.some((weight) => weight > 0) ? learned : even;
}

const STACKS = { binary: mixProbabilities, amount: mixAmounts, classes: mixClasses };

/** What the mixture makes of opinions: probabilities or amounts, [rows] or [rows, classes]. */
export function mixOpinions(
  { intercept, weights }: Mixture,
  members: readonly Float64Array[],
  question: Question,
): Float64Array {
  const sum = new Float64Array(members[0].length).fill(intercept);
  members.forEach((opinion, k) => {
    if (weights[k] === 0) return;
    for (let i = 0; i < sum.length; i++) sum[i] += weights[k] * opinion[i];
  });
  return fromOpinions(sum, question);
}
