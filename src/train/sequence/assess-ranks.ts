// The numbers of a test from where its targets stand: own history in and out, targets that repeat nothing apart.

import type { CaseView } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import type { NextItemCases } from '../../core/sequences.ts';
import type { RankMetricName, Scores } from '../../eval/score.ts';
import { repeatedTargets } from '../../eval/sequences/count-sequences.ts';
import type { TargetRanks } from '../../eval/sequences/rank-targets.ts';
import { scoreRanks } from '../../eval/sequences/score-ranks.ts';

/** Whether what the entity has had may be answered. */
export type OwnHistory = keyof TargetRanks;

export const EXCLUDE_SEEN = ['yes', 'no', 'both'] as const;
export type ExcludeSeen = (typeof EXCLUDE_SEEN)[number];

/** Where fewer targets repeat, people take new things: what they had is no candidate. */
const FEW_REPEATS = 0.01;

/** The ways to count that were asked for; the first decides. @param cases to see whether people repeat themselves */
export function historiesOf(asked: ExcludeSeen, cases: NextItemCases | CaseView): readonly OwnHistory[] {
  if (asked === 'yes') return ['excluded'];
  if (asked === 'no') return ['included'];
  const repeated = repeatedTargets(cases);
  const share = repeated.reduce((sum, one) => sum + one, 0) / Math.max(1, repeated.length);
  return share < FEW_REPEATS ? ['excluded', 'included'] : ['included', 'excluded'];
}

export interface AssessedRanks {
  readonly scores: Scores;
  /** Of cases whose target the entity has not had; absent where all or none are such. */
  readonly nonRepeat?: Scores;
}

export interface AssessOptions {
  readonly at: readonly number[];
  readonly seed: number;
  /** 1 where the target repeats, [cases]. */
  readonly repeated: Uint8Array;
  /** Whom each case belongs to, [cases]. */
  readonly entities: readonly string[];
}

/** 1 where the target repeats nothing, [cases]. */
export const freshOf = (repeated: Uint8Array): Uint8Array => repeated.map((one) => 1 - one);

/** @throws AppError NOT_ENOUGH_DATA with fewer than two entities */
export function assessRanks(
  ranks: TargetRanks,
  history: OwnHistory,
  { repeated, entities, at, seed }: AssessOptions,
): AssessedRanks {
  const scores = scoreRanks(ranks[history], entities, { at, seed });
  const fresh = freshOf(repeated);
  const count = fresh.reduce((sum, one) => sum + one, 0);
  const kept = new Set(entities.filter((_, row) => fresh[row] === 1));
  if (count === fresh.length || kept.size < 2) return { scores };
  return { scores, nonRepeat: scoreRanks(ranks[history], entities, { at, seed, keep: fresh }) };
}

/** What decides between models: how high the target stands in the first ten, or in the nearest number asked for. */
export const deciderAt = (at: readonly number[]): RankMetricName => `ndcg@${at.includes(10) ? 10 : at[0]}`;

/** Metrics in the order shown, the one that decides first. */
export function metricOrder(at: readonly number[]): readonly RankMetricName[] {
  const decider = deciderAt(at);
  const others = at.flatMap((k): RankMetricName[] => [`recall@${k}`, `ndcg@${k}`, `mrr@${k}`]);
  return [decider, ...others.filter((metric) => metric !== decider)];
}

/** @throws AppError USAGE for anything but whole numbers from 1 */
export function parseCutOffs(text: string): readonly number[] {
  const at = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (at.length > 0 && at.every((k) => Number.isSafeInteger(k) && k >= 1))
    return [...new Set(at)].sort((a, b) => a - b);
  throw new AppError('USAGE', `--at: expected places such as 10,20, got "${text}"`);
}
