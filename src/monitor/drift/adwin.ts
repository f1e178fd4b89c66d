// ADWIN: a window of the latest values that grows while their mean stands still and is cut where it has moved.
import { invariant } from '../../core/errors.ts';

/** Where the window was cut. */
export interface Cut {
  readonly before: number;
  readonly after: number;
  /** Values in the window now. */
  readonly width: number;
}

export interface Adwin {
  /** @param value in [0, 1] */
  add(value: number): void;
  /** Looks for a cut; drops the older part for as long as there is one. */
  check(): Cut | undefined;
  readonly mean: number;
  readonly width: number;
}

/** Buckets of a size before two of them are merged: the paper's M. */
const PER_SIZE = 5;
/** Fewer values than this on one side are no evidence. */
const LEAST_SIDE = 5;

/**
 * The window is kept as sums over buckets of 1, 2, 4 … values, so its memory is logarithmic in its width.
 *
 * One check finds a cut where there is none with a chance of at most `delta` (theorem 3.1 of the paper gives the rigorous
 * bound; like all implementations this one uses its normal form with the window's own variance).
 *
 * @see Bifet and Gavaldà 2007, "Learning from time-changing data with adaptive windowing", section 4
 */
export function createAdwin(delta: number): Adwin {
  invariant(delta > 0 && delta < 1, 'the confidence of ADWIN is in (0, 1)');
  /** By size, oldest first: sums, and sums of squared distances from the bucket's own mean. */
  const sums: number[][] = [[]];
  const spreads: number[][] = [[]];
  let width = 0;
  let total = 0;
  let spread = 0;

  const merge = (): void => {
    for (let level = 0; level < sums.length && sums[level].length > PER_SIZE; level++) {
      const size = 2 ** level;
      const first = sums[level].shift() as number;
      const second = sums[level].shift() as number;
      const within = (spreads[level].shift() as number) + (spreads[level].shift() as number);
      if (level + 1 === sums.length) {
        sums.push([]);
        spreads.push([]);
      }
      sums[level + 1].push(first + second);
      spreads[level + 1].push(within + (first - second) ** 2 / (2 * size));
    }
  };
  const dropOldest = (): void => {
    const level = sums.length - 1;
    const size = 2 ** level;
    const sum = sums[level].shift() as number;
    const within = spreads[level].shift() as number;
    const rest = width - size;
    const gap = sum / size - (rest > 0 ? (total - sum) / rest : 0);
    spread = Math.max(0, spread - within - (rest > 0 ? ((size * rest) / width) * gap * gap : 0));
    width = rest;
    total -= sum;
    while (sums.length > 1 && sums[sums.length - 1].length === 0) {
      sums.pop();
      spreads.pop();
    }
  };
  /** The cut between the oldest buckets and the rest with the clearest difference, if any is clear enough. */
  const findCut = (): Cut | undefined => {
    const confidence = Math.log((2 * Math.log(width)) / delta);
    const variance = spread / width;
    let n0 = 0;
    let sum0 = 0;
    for (let level = sums.length - 1; level >= 0; level--) {
      for (const sum of sums[level]) {
        n0 += 2 ** level;
        sum0 += sum;
        const n1 = width - n0;
        if (n0 < LEAST_SIDE || n1 < LEAST_SIDE) continue;
        const before = sum0 / n0;
        const after = (total - sum0) / n1;
        const inverse = 1 / n0 + 1 / n1;
        const bound = Math.sqrt(2 * inverse * variance * confidence) + (2 / 3) * inverse * confidence;
        if (Math.abs(after - before) > bound) return { before, after, width: n1 };
      }
    }
    return undefined;
  };

  return {
    get mean() {
      return width > 0 ? total / width : Number.NaN;
    },
    get width() {
      return width;
    },
    add(value) {
      if (width > 0) spread += ((value - total / width) ** 2 * width) / (width + 1);
      width++;
      total += value;
      sums[0].push(value);
      spreads[0].push(0);
      merge();
    },
    check() {
      if (width < 2 * LEAST_SIDE) return undefined;
      let first: Cut | undefined;
      for (let cut = findCut(); cut; cut = width >= 2 * LEAST_SIDE ? findCut() : undefined) {
        first ??= cut;
        dropOldest();
      }
      return first && { before: first.before, after: total / width, width };
    },
  };
}
