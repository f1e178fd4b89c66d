// Latencies counted in buckets of one relative width, as HdrHistogram does: constant memory however long a run.

/** Buckets a power of two: values come out at most 1/128 too high. */
const STEPS = 128;
const STEP_BITS = 7;
const MOST_BITS = 40;

export interface LatencyHistogram {
  readonly count: number;
  readonly maxMs: number;
  readonly meanMs: number;
  record(ms: number): void;
  /** The value that a share of all stay at or below, ms; 0 of none. */
  quantile(share: number): number;
}

export function latencyHistogram(): LatencyHistogram {
  const buckets = new Float64Array((MOST_BITS - STEP_BITS + 1) * STEPS);
  let count = 0;
  let maxMs = 0;
  let sumMs = 0;
  return {
    get count() {
      return count;
    },
    get maxMs() {
      return maxMs;
    },
    get meanMs() {
      return count === 0 ? 0 : sumMs / count;
    },
    record(ms) {
      const micros = Math.max(0, Math.round(ms * 1000));
      buckets[bucketOf(micros)]++;
      count++;
      sumMs += ms;
      if (ms > maxMs) maxMs = ms;
    },
    quantile(share) {
      const rank = Math.max(1, Math.ceil(share * count));
      for (let bucket = 0, seen = 0; bucket < buckets.length; bucket++) {
        seen += buckets[bucket];
        if (seen >= rank) return Math.min(topOf(bucket) / 1000, maxMs);
      }
      return 0;
    },
  };
}

/** Below `STEPS` microseconds each has its own; above, the highest bits of the number decide. */
function bucketOf(micros: number): number {
  if (micros < STEPS) return micros;
  const shift = Math.min(MOST_BITS, Math.floor(Math.log2(micros))) - STEP_BITS;
  return (shift + 1) * STEPS + Math.min(STEPS - 1, Math.floor(micros / 2 ** shift) - STEPS);
}

/** The highest value of a bucket, in microseconds. */
function topOf(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return ((bucket % STEPS) + STEPS + 1) * 2 ** shift - 1;
}
