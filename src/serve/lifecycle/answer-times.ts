// How long answers take, counted by rising steps: of one size, and of all sizes a version was asked in.

/** A hundredth of an answer is what a 99th percentile leaves above itself. */
export const ABOVE = 0.01;
/** Steps of about a tenth from a hundredth of a millisecond to twenty minutes. */
const LEAST_MS = 0.01;
const STEP = Math.log(1.1);
const STEPS = 196;
/** Counts are halved then, so that the times are those of lately. */
const MOST_COUNTED = 20_000;

/** What one version's answers were like lately. */
export interface AnswerTimes {
  add(ms: number, size: number): void;
  /** An answer that was none. */
  failed(): void;
  /** Of about that size; undefined while there are none. */
  ofSize(size: number): Times | undefined;
  readonly answers: number;
  readonly bad: number;
}

/** Sizes within a factor of two are one. */
export const sizeStep = (size: number): number => Math.floor(Math.log2(Math.max(1, size)));

export function createAnswerTimes(): AnswerTimes {
  const sizes = new Map<number, Times>();
  let answers = 0;
  let bad = 0;
  const count = (): void => {
    answers++;
    if (answers < MOST_COUNTED) return;
    answers = Math.floor(answers / 2);
    bad = Math.floor(bad / 2);
  };
  return {
    add(ms, size) {
      count();
      const step = sizeStep(size);
      let own = sizes.get(step);
      if (!own) {
        own = createTimes();
        sizes.set(step, own);
      }
      own.add(ms);
    },
    failed() {
      bad++;
      count();
    },
    ofSize: (size) => sizes.get(sizeStep(size)),
    get answers() {
      return answers;
    },
    get bad() {
      return bad;
    },
  };
}

export interface Times {
  readonly count: number;
  add(ms: number): void;
  /** ms; NaN while there are none. */
  p99(): number;
  /** How many took longer, to a tenth. */
  countAbove(ms: number): number;
}

/** Counts by rising steps; the percentile is worked out again only after a hundredth more came. */
export function createTimes(): Times {
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
  const stepOf = (ms: number): number =>
    Math.min(STEPS - 1, Math.floor(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / STEP));
  return {
    get count() {
      return count;
    },
    add(ms) {
      counts[stepOf(ms)]++;
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
    countAbove: (ms) => counts.subarray(stepOf(ms) + 1).reduce((sum, own) => sum + own, 0),
  };
}
