// Is one rate above another by more than a margin: looked at after every answer, and still seldom wrong.
import { logBeta } from '../../core/special.ts';

export interface RateWatch {
  observe(isCandidate: boolean, isBad: boolean): void;
  /** Once true it stays so. */
  readonly isBeyond: boolean;
  /** Of the period under way. */
  readonly candidate: RateCount;
  readonly incumbent: RateCount;
}

export interface RateCount {
  readonly answers: number;
  readonly bad: number;
}

export interface RateLimit {
  /** The candidate's rate may be so much above the incumbent's. */
  readonly margin: number;
  /** The chance of ever being beyond while the rates are within the margin. */
  readonly falseAlarms: number;
  /** Answers of the candidate before anything is said. */
  readonly least: number;
  /** What the incumbent's count begins with in each period: where it answers no more, all there is. */
  readonly known?: () => RateCount;
}

/** Then counting begins anew, so that a long good time does not hide a bad end. */
const PERIOD = 10_000;

/**
 * Beyond when the lower bound of the candidate's rate is above the upper bound of the incumbent's by more than the margin.
 * The bounds hold at all times at once (Robbins 1970: the beta mixture of likelihood ratios is a martingale, and Ville's
 * inequality bounds its maximum), so that looking after every answer costs nothing in false alarms. Period k has its part
 * 1 / k(k + 1) of them.
 */
export function createRateWatch({ margin, falseAlarms, least, known }: RateLimit): RateWatch {
  let candidate = { answers: 0, bad: 0 };
  let incumbent = { answers: 0, bad: 0 };
  let period = 1;
  let isBeyond = false;
  const allOfIncumbent = (): RateCount => {
    if (!known) return incumbent;
    const { answers, bad } = known();
    return { answers: incumbent.answers + answers, bad: incumbent.bad + bad };
  };
  return {
    observe(isCandidate, isBad) {
      const count = isCandidate ? candidate : incumbent;
      count.answers++;
      if (isBad) count.bad++;
      if (!isCandidate || isBeyond) return;
      // Nothing but another failure moves the candidate's lower bound up.
      if ((isBad || candidate.answers === least) && candidate.answers >= least && candidate.bad > 0) {
        const chance = falseAlarms / (period * (period + 1)) / 2;
        isBeyond = lowerRate(candidate, chance) - upperRate(allOfIncumbent(), chance) > margin;
      }
      if (isBeyond || candidate.answers < PERIOD) return;
      period++;
      candidate = { answers: 0, bad: 0 };
      incumbent = { answers: 0, bad: 0 };
    },
    get isBeyond() {
      return isBeyond;
    },
    get candidate() {
      return candidate;
    },
    get incumbent() {
      return allOfIncumbent();
    },
  };
}

/** ln of the mixture of likelihood ratios against a rate p, over Beta(½, ½). */
const evidence = ({ answers, bad }: RateCount, p: number): number =>
  logBeta(bad + 0.5, answers - bad + 0.5) -
  logBeta(0.5, 0.5) -
  (bad > 0 ? bad * Math.log(p) : 0) -
  (answers > bad ? (answers - bad) * Math.log1p(-p) : 0);

/** A rate below which the true one lies at no time with more than this chance. */
export function lowerRate(count: RateCount, chance: number): number {
  if (count.bad === 0) return 0;
  return bisect(0, count.bad / count.answers, (p) => evidence(count, p) < -Math.log(chance));
}

/** A rate above which the true one lies at no time with more than this chance. */
export function upperRate(count: RateCount, chance: number): number {
  if (count.bad === count.answers) return 1;
  return bisect(count.bad / count.answers, 1, (p) => evidence(count, p) >= -Math.log(chance));
}

/** Where a test that fails on the low side and holds on the high side turns. */
function bisect(low: number, high: number, holds: (p: number) => boolean): number {
  let [from, to] = [low, high];
  for (let step = 0; step < 50; step++) {
    const middle = (from + to) / 2;
    if (holds(middle)) to = middle;
    else from = middle;
  }
  return (from + to) / 2;
}
