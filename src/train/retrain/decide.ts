// Whether a model learned anew takes the place of the one that answers: one rule, said in a sentence, kept with the versions.
import type { Score } from '../../eval/score.ts';

/** What becomes of the new version. */
export type RetrainingVerdict =
  /** It answers, or begins to as a canary. */
  | 'accepted'
  /** It is saved, and the one before goes on. */
  | 'kept'
  /** Nothing was trained. */
  | 'unchanged';

export interface RetrainingDecision {
  readonly verdict: RetrainingVerdict;
  /** A stable word: `first`, `better`, `fresher`, `worse`, `not-better`, `incomparable`, `taken-back`, `no-new-data`. */
  readonly reason: string;
  /** The figures behind it. */
  readonly said: string;
}

/** Two versions on the same examples, which neither has learned from; `first` is the new one. */
export interface VersionComparison {
  readonly metric: string;
  readonly isHigherBetter: boolean;
  readonly first: number;
  readonly second: number;
  /** `first − second` with its interval. */
  readonly difference: Score;
  /** Whom the interval favours; `neither` while it holds zero. */
  readonly better: 'first' | 'second' | 'neither';
}

export interface Contest {
  /** Absent where there is nobody to beat. */
  readonly comparison?: VersionComparison;
  /** Why the two cannot be compared. */
  readonly incomparable?: string;
  /** Days by which what the incumbent learned from ends earlier. */
  readonly olderDays: number;
  /** The incumbent may not have learned from these examples for a fair comparison. */
  readonly incumbentHasSeen: boolean;
  /** People asked to be forgotten whom the incumbent has learned from. */
  readonly incumbentHasErased: boolean;
  /** A server took this very model back before. */
  readonly wasTakenBack: boolean;
}

/** On fewer cases that neither has learned from two versions are not held against each other. */
export const LEAST_COMPARED = 50;
/** An incumbent is stale once what it learned from ends so much earlier. */
export const STALE_DAYS = 7;
/** A fresher model may be so much worse, as a part of the incumbent's own figure, while its interval holds zero. */
export const TOLERANCE = 0.02;

/**
 * A new version is accepted when it is better: the paired interval of the difference on the same later period leaves zero out on its
 * side. Where the incumbent is stale, or has learned from people who were erased, it is enough not to be worse: the interval
 * does not leave zero out on the other side, and the difference itself is at most a fiftieth of the incumbent's figure. A comparison that
 * favours the incumbent (it has seen those outcomes) must be won outright.
 */
export function decideRetraining(contest: Contest): RetrainingDecision {
  const { comparison, incomparable, olderDays, incumbentHasSeen, incumbentHasErased, wasTakenBack } = contest;
  if (wasTakenBack)
    return {
      ...{ verdict: 'kept', reason: 'taken-back' },
      said: 'this very model was taken back by a server before',
    };
  if (incomparable !== undefined) return { verdict: 'kept', reason: 'incomparable', said: incomparable };
  if (!comparison) return { verdict: 'accepted', reason: 'first', said: 'no version answered before' };
  const { metric, first, second, difference, better } = comparison;
  const figures = `${metric} ${shown(first)} against ${shown(second)}, difference ${signed(difference.value)} (${signed(difference.low)} … ${signed(difference.high)})`;
  if (better === 'first') return { verdict: 'accepted', reason: 'better', said: figures };
  if (better === 'second') return { verdict: 'kept', reason: 'worse', said: figures };
  const isStale = olderDays >= STALE_DAYS || incumbentHasErased;
  const lost = comparison.isHigherBetter ? -difference.value : difference.value;
  if (isStale && !incumbentHasSeen && lost <= TOLERANCE * Math.abs(second)) {
    const why = incumbentHasErased
      ? 'the one before has learned from people who were erased'
      : `the one before is ${Math.floor(olderDays)} days older`;
    return { verdict: 'accepted', reason: 'fresher', said: `${figures}; ${why}` };
  }
  return { verdict: 'kept', reason: 'not-better', said: figures };
}

const shown = (value: number): string => String(Number(value.toPrecision(4)));
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${shown(Math.abs(value))}`;
