// Is the candidate slower: how many of its answers take longer than the slowest hundredth of the incumbent's does, times a ratio.
import { createRateWatch, type RateWatch } from './rate-watch.ts';

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
}

/** Nobody notices less. */
const FLOOR_MS = 5;
/** A hundredth of an answer is what a 99th percentile leaves above itself. */
const ABOVE = 0.01;
/** Answers of the incumbent of one size before anything of it is held against them. */
const LEAST_KNOWN = 200;
/** Steps of about a tenth from a hundredth of a millisecond to twenty minutes. */
const LEAST_MS = 0.01;
const STEP = Math.log(1.1);
const STEPS = 196;
/** Counts are halved then, so that the incumbent's time is that of lately. */
const MOST_COUNTED = 20_000;

/**
 * The two arms are counted over the same time, so that a machine that stands still for a moment slows both alike and
 * stops nobody.
 */
export function createLatencyWatch({ ratio, falseAlarms, least }: LatencyLimit): LatencyWatch {
  const slow: RateWatch = createRateWatch({ margin: ABOVE, falseAlarms, least });
  const sizes = new Map<number, { readonly candidate: Times; readonly incumbent: Times }>();
  const timesOf = (size: number) => {
    const step = Math.floor(Math.log2(Math.max(1, size)));
    let own = sizes.get(step);
    if (!own) {
      own = { candidate: createTimes(), incumbent: createTimes() };
      sizes.set(step, own);
    }
    return own;
  };
  return {
    observe(isCandidate, ms, size) {
      const { candidate, incumbent } = timesOf(size);
      const known = incumbent.p99();
      if (incumbent.count >= LEAST_KNOWN)
        slow.observe(isCandidate, ms > Math.max(known * ratio, known + FLOOR_MS));
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

interface Times {
  readonly count: number;
  add(ms: number): void;
  p99(): number;
}

/** Counts by rising steps; the percentile is worked out again only after a hundredth more came. */
function createTimes(): Times {
  const counts = new Float64Array(STEPS);
  let count = 0;
  let known = Number.NaN;
  let due = 0;
  const percentile = (): number => {
    let above = count * ABOVE;
    for (let step = STEPS - 1; step >= 0; step--) {
      above -= counts[step];
      if (above < 0) return LEAST_MS * Math.exp((step + 0.5) * STEP);
    }
    return Number.NaN;
  };
  return {
    get count() {
      return count;
    },
    add(ms) {
      const step = Math.floor(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / STEP);
      counts[Math.min(STEPS - 1, step)]++;
      count++;
      if (count < MOST_COUNTED) return;
      count = 0;
      for (let at = 0; at < STEPS; at++) {
        counts[at] = Math.floor(counts[at] / 2);
        count += counts[at];
      }
      due = 0;
    },
    p99() {
      if (count >= due) {
        known = percentile();
        due = count + Math.max(1, count / 100);
      }
      return known;
    },
  };
}
