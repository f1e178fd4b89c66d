// Is the candidate slower: how many of its answers take longer than the slowest hundredth of the incumbent's does, times a ratio.
import { ABOVE, type AnswerTimes, createTimes, sizeStep, type Times } from './answer-times.ts';
import { createRateWatch, type RateCount, type RateWatch } from './rate-watch.ts';

export interface LatencyWatch {
  /** @param size how much was asked at once; only answers of about the same size are held against each other */
  observe(isCandidate: boolean, ms: number, size: number): void;
  readonly isBeyond: boolean;
  /** 99th percentiles, ms, of the size that was asked most; NaN while there are too few. */
  readonly p99: { readonly candidate: number; readonly incumbent: number };
}

export interface LatencyLimit {
  /** Of the 99th percentiles. */
  readonly ratio: number;
  readonly falseAlarms: number;
  readonly least: number;
  /** The incumbent's times where it answers no more: those of before. */
  readonly before?: AnswerTimes;
}

/** Nobody notices less. */
const FLOOR_MS = 5;
/** Answers of the incumbent of one size before anything of it is held against them. */
const LEAST_KNOWN = 200;
/**
 * The two arms are counted over the same time, so that a machine that stands still for a moment slows both alike and
 * stops nobody; where only times of before are at hand, they are what the candidate is held against.
 */
export function createLatencyWatch({ ratio, falseAlarms, least, before }: LatencyLimit): LatencyWatch {
  /** Of before, of the sizes the candidate has been asked in: how many took longer than its answers may. */
  const known = { answers: 0, bad: 0 };
  const slow: RateWatch = createRateWatch({
    ...{ margin: ABOVE, falseAlarms, least },
    ...(before && { known: (): RateCount => known }),
  });
  const sizes = new Map<number, { readonly candidate: Times; readonly incumbent: Times }>();
  const timesOf = (size: number) => {
    const step = sizeStep(size);
    let own = sizes.get(step);
    if (!own) {
      own = { candidate: createTimes(), incumbent: before?.ofSize(size) ?? createTimes() };
      sizes.set(step, own);
      if (before && own.incumbent.count >= LEAST_KNOWN) {
        known.answers += own.incumbent.count;
        known.bad += own.incumbent.countAbove(allowed(own.incumbent.p99()));
      }
    }
    return own;
  };
  const allowed = (ms: number): number => Math.max(ms * ratio, ms + FLOOR_MS);
  return {
    observe(isCandidate, ms, size) {
      const { candidate, incumbent } = timesOf(size);
      const usual = incumbent.p99();
      if (incumbent.count >= LEAST_KNOWN) slow.observe(isCandidate, ms > allowed(usual));
      (isCandidate ? candidate : incumbent).add(ms);
    },
    get isBeyond() {
      return slow.isBeyond;
    },
    get p99() {
      const most = [...sizes.values()].reduce<ReturnType<typeof timesOf> | undefined>(
        (best, own) => (best && best.candidate.count >= own.candidate.count ? best : own),
        undefined,
      );
      return {
        candidate: most?.candidate.p99() ?? Number.NaN,
        incumbent: most?.incumbent.p99() ?? Number.NaN,
      };
    },
  };
}
