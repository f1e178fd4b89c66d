// Integrated gradients: what each input is worth to an answer, by the slopes met on the straight way to it from nothing.
import { throwIfAborted } from '../../../core/errors.ts';

/** Numbers that move along the way, by name: at one of its points, or at all of a batch, point after point. */
export type Moving = Readonly<Record<string, Float32Array>>;

/** What a network says at each point of a batch. */
export interface Heard {
  /** [points] */
  readonly answers: ArrayLike<number>;
  /** Of each answer by its own inputs, [points, …] as they were fed; absent where it rests on none. */
  readonly slopes: Readonly<Record<string, ArrayLike<number> | undefined>>;
}

export interface Way {
  /** Where nothing is known. */
  readonly from: Moving;
  /** What is to be explained; the same names and lengths. */
  readonly to: Moving;
  /** Points asked at once. */
  readonly points: number;
  readonly ask: (batch: Moving) => Promise<Heard>;
  readonly signal?: AbortSignal;
}

export interface Integrated {
  /** The answer at `from`. */
  readonly base: number;
  /** The answer at `to`. */
  readonly answer: number;
  /** What each number of `to` is worth, by name: they add up to `answer − base`, but for `unexplained`. */
  readonly worth: Readonly<Record<string, Float64Array>>;
  /** Mean slope of each number along the way. */
  readonly slope: Readonly<Record<string, Float64Array>>;
  /** `answer − base − Σ worth`: what is left of the error of a sum in place of an integral. */
  readonly unexplained: number;
  readonly steps: number;
}

/** The way is first cut into so many parts of one length. */
export const LEAST_STEPS = 32;
const MOST_STEPS = 512;
/** A sum is good enough when it misses less than this share of the difference, and of a difference of .1 where that is more. */
export const MISSED_SHARE = 0.01;
const SMALL = 0.1;

/** A part of the way, and what is known of it. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** Answers at its start, in its middle and at its end. */
  readonly answers: readonly [number, number, number];
  /** In its middle, by name. */
  readonly slopes: Readonly<Record<string, ArrayLike<number> | undefined>>;
  /** What the midpoint rule misses of what the answer gains from start to end. */
  readonly missed: number;
}

/**
 * worth_i = (to_i − from_i) · mean over the way of ∂answer/∂i, by the midpoint rule: 32 parts at first, and those by which
 * the sum misses most halved until it adds up. A norm inside a network makes its answer turn within a hundredth of the way,
 * which parts of one length would meet only by the thousand.
 *
 * @see Sundararajan, Taly and Yan 2017, eq. 1 and 3, arXiv:1703.01365
 * @throws AppError INTERRUPTED
 */
export async function integrateGradients(way: Way): Promise<Integrated> {
  const shares = Array.from({ length: 2 * LEAST_STEPS + 1 }, (_, k) => k / (2 * LEAST_STEPS));
  const heard = await askAt(way, shares);
  let parts = Array.from({ length: LEAST_STEPS }, (_, k) =>
    partOf(way, [shares[2 * k], shares[2 * k + 2]], [heard[2 * k], heard[2 * k + 1], heard[2 * k + 2]]),
  );
  const [base, answer] = [heard[0].answer, heard[2 * LEAST_STEPS].answer];
  const bearable = MISSED_SHARE * Math.max(SMALL, Math.abs(answer - base));
  while (parts.length < MOST_STEPS && missedBy(parts) > bearable) parts = await halveWorst(way, parts);
  const slope = Object.fromEntries(
    Object.entries(way.to).map(([name, { length }]) => [name, meanSlope(parts, name, length)]),
  );
  const worth = Object.fromEntries(
    Object.entries(slope).map(([name, mean]) => [
      name,
      mean.map((value, i) => value * (way.to[name][i] - way.from[name][i])),
    ]),
  );
  const sum = Object.values(worth).reduce((all, values) => values.reduce((some, one) => some + one, all), 0);
  return { base, answer, worth, slope, unexplained: answer - base - sum, steps: parts.length };
}

const missedBy = (parts: readonly Part[]): number =>
  parts.reduce((sum, { missed }) => sum + Math.abs(missed), 0);

interface Point {
  readonly answer: number;
  readonly slopes: Part['slopes'];
}

/** What is heard at shares of the way, batch by batch. */
async function askAt(way: Way, shares: readonly number[]): Promise<readonly Point[]> {
  const heard: Point[] = [];
  for (let first = 0; first < shares.length; first += way.points) {
    throwIfAborted(way.signal);
    const asked = shares.slice(first, first + way.points);
    const { answers, slopes } = await way.ask(batchOf(way, asked));
    asked.forEach((_, k) => {
      const own = Object.entries(way.to).map(([name, { length }]) => [
        name,
        slopes[name] &&
          Float32Array.from({ length }, (_, i) => (slopes[name] as ArrayLike<number>)[k * length + i]),
      ]);
      heard.push({ answer: answers[k], slopes: Object.fromEntries(own) });
    });
  }
  return heard;
}

function partOf(
  { from, to }: Way,
  [start, end]: readonly [number, number],
  [first, middle, last]: readonly [Pick<Point, 'answer'>, Point, Pick<Point, 'answer'>],
): Part {
  let gain = 0;
  for (const [name, slopes] of Object.entries(middle.slopes))
    if (slopes) for (let i = 0; i < slopes.length; i++) gain += slopes[i] * (to[name][i] - from[name][i]);
  return {
    ...{ start, end, slopes: middle.slopes },
    answers: [first.answer, middle.answer, last.answer],
    missed: last.answer - first.answer - (end - start) * gain,
  };
}

/** Two halves of each of the parts that miss most, as many as fill a batch. */
async function halveWorst(way: Way, parts: readonly Part[]): Promise<Part[]> {
  const worst = parts
    .toSorted((a, b) => Math.abs(b.missed) - Math.abs(a.missed))
    .slice(0, Math.max(1, Math.floor(way.points / 2)));
  const quarters = await askAt(
    way,
    worst.flatMap(({ start, end }) => [0.25, 0.75].map((share) => start + share * (end - start))),
  );
  const halves = worst.flatMap(({ start, end, answers: [first, middle, last] }, w) => {
    const half = (start + end) / 2;
    return [
      partOf(way, [start, half], [{ answer: first }, quarters[2 * w], { answer: middle }]),
      partOf(way, [half, end], [{ answer: middle }, quarters[2 * w + 1], { answer: last }]),
    ];
  });
  const split = new Set(worst);
  return [...parts.filter((part) => !split.has(part)), ...halves];
}

function meanSlope(parts: readonly Part[], name: string, length: number): Float64Array {
  const mean = new Float64Array(length);
  for (const { start, end, slopes } of parts) {
    const own = slopes[name];
    if (own) for (let i = 0; i < length; i++) mean[i] += (end - start) * own[i];
  }
  return mean;
}

/** Points at these shares of the way; those a batch has beyond them stand at its beginning. */
function batchOf({ from, to, points }: Way, shares: readonly number[]): Moving {
  return Object.fromEntries(
    Object.entries(to).map(([name, end]) => {
      const start = from[name];
      const batch = new Float32Array(points * end.length);
      for (let k = 0; k < points; k++) {
        const share = shares[k] ?? 0;
        for (let i = 0; i < end.length; i++)
          batch[k * end.length + i] = start[i] + share * (end[i] - start[i]);
      }
      return [name, batch];
    }),
  );
}
