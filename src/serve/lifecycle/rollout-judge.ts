// What a candidate is judged by while it is on trial: failures, time, and scores, each against the version that answers.
import type { RolloutLimits } from '../../registry/rollout-limits.ts';
import type { AnswerTimes } from './answer-times.ts';
import { createLatencyWatch } from './latency-watch.ts';
import { createRateWatch } from './rate-watch.ts';
import { createScoreShift, type PersonScore } from './score-shift.ts';

/** One version's part in one request. */
export interface JudgedAnswer {
  readonly isCandidate: boolean;
  /** It failed, or gave what is no answer. */
  readonly isBad: boolean;
  /** Absent where it says nothing of others' answers. */
  readonly ms?: number;
  /** How much was asked at once, in any unit that is the same for both arms. */
  readonly size: number;
  /** One a person; NaN where there is none. Empty where scores of two models cannot be compared. */
  readonly scores: readonly PersonScore[];
}

export type StopReason = 'errors' | 'latency' | 'score-shift';

/** Why a candidate must not go on. */
export interface StopVerdict {
  readonly reason: StopReason;
  /** The figures, in a sentence without anybody's data. */
  readonly said: string;
}

export interface ArmFigures {
  readonly answers: number;
  readonly failed: number;
  /** 99th percentile, ms; null while there are too few. */
  readonly p99_ms: number | null;
  readonly people: number;
  readonly mean_score: number | null;
}

export interface JudgeFigures {
  readonly candidate: ArmFigures;
  readonly incumbent: ArmFigures;
  /** Population stability index of the scores; null while there are none. */
  readonly score_shift: number | null;
}

export interface RolloutJudge {
  observe(answer: JudgedAnswer): void;
  /** Both versions' scores of the same people, beside the answers that were counted. */
  compare(candidate: readonly PersonScore[], incumbent: readonly PersonScore[]): void;
  /** People of the candidate whose scores are known. */
  readonly people: number;
  /** Undefined while the candidate may go on; the first verdict stands. */
  readonly verdict: StopVerdict | undefined;
  /** Both arms have given enough answers to say that nothing is wrong. */
  readonly hasSeenEnough: boolean;
  figures(): JudgeFigures;
}

/** The chance that a candidate within its limits is ever stopped, over all three together. */
const FALSE_STOPS = 0.003;

export interface JudgeParts {
  readonly limits: RolloutLimits;
  /** Off for shadows, which wait until there is time for them. */
  readonly withLatency: boolean;
  /** What the incumbent's answers were like before the candidate took its place; absent where both answer over the same time. */
  readonly before?: AnswerTimes;
}

export function createRolloutJudge({ limits, withLatency, before }: JudgeParts): RolloutJudge {
  const each = { falseAlarms: FALSE_STOPS / 3, least: limits.leastAnswers };
  // It may answer on, as others' requests came in before: what it was like is what it was like then.
  const known = { answers: before?.answers ?? 0, bad: before?.bad ?? 0 };
  const errors = createRateWatch({
    ...{ ...each, margin: limits.errorShare },
    ...(before && { known: () => known }),
  });
  const latency = createLatencyWatch({ ...each, ratio: limits.latencyRatio, ...(before && { before }) });
  const shift = createScoreShift({ ...each, index: limits.scoreShift });
  const counts = {
    candidate: { answers: 0, failed: 0 },
    incumbent: { answers: known.answers, failed: known.bad },
  };
  let verdict: StopVerdict | undefined;
  const judge = (): StopVerdict | undefined => {
    if (errors.isBeyond) return { reason: 'errors', said: errorsSaid() };
    if (shift.isBeyond) return { reason: 'score-shift', said: shiftSaid() };
    if (withLatency && latency.isBeyond) return { reason: 'latency', said: latencySaid() };
    return undefined;
  };
  const errorsSaid = (): string =>
    `${errors.candidate.bad} of ${errors.candidate.answers} answers failed, against ${errors.incumbent.bad} of ${errors.incumbent.answers}; allowed: ${percent(limits.errorShare)} more`;
  const latencySaid = (): string => {
    const { candidate, incumbent } = latency.p99;
    return `99 of 100 answers took up to ${tenths(candidate)} ms, against ${tenths(incumbent)} ms; allowed: ${limits.latencyRatio} times as long`;
  };
  const shiftSaid = (): string => {
    const { index, candidate, incumbent } = shift.figures();
    return `the scores of ${candidate.people} people are another distribution (population stability index ${index.toFixed(2)}, mean ${shown(candidate.mean)} against ${shown(incumbent.mean)}); allowed: ${limits.scoreShift}`;
  };
  return {
    observe({ isCandidate, isBad, ms, size, scores }) {
      const count = isCandidate ? counts.candidate : counts.incumbent;
      count.answers++;
      if (isBad) count.failed++;
      errors.observe(isCandidate, isBad);
      // What failed took no time that says anything.
      if (!isBad && ms !== undefined) latency.observe(isCandidate, ms, size);
      shift.observe(isCandidate, scores);
      verdict ??= judge();
    },
    compare(candidate, incumbent) {
      shift.observe(false, incumbent);
      shift.observe(true, candidate);
      verdict ??= judge();
    },
    get people() {
      return shift.people;
    },
    get verdict() {
      return verdict;
    },
    get hasSeenEnough() {
      return Math.min(counts.candidate.answers, counts.incumbent.answers) >= limits.leastAnswers;
    },
    figures() {
      const { p99 } = latency;
      const { index, ...people } = shift.figures();
      const arm = (name: 'candidate' | 'incumbent'): ArmFigures => ({
        ...counts[name],
        p99_ms: finite(p99[name]),
        people: people[name].people,
        mean_score: finite(people[name].mean),
      });
      return { candidate: arm('candidate'), incumbent: arm('incumbent'), score_shift: finite(index) };
    },
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
const tenths = (ms: number): string => ms.toFixed(1);
const shown = (value: number): string =>
  Number.isNaN(value) ? 'none' : String(Number(value.toPrecision(3)));
