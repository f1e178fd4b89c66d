// Exact Shapley values of a few groups of columns, for any predictor that can be asked.
import { AppError, throwIfAborted } from '../core/errors.ts';
import { type Frame, takeRows } from '../core/frame.ts';
import { type Block, coalitionFrame, stackRows } from './coalition-frame.ts';
import type { Background, Part, Predictor } from './contribution.ts';
import { finiteMargins } from './margin.ts';

/** Rows of one question to the predictor: large enough to be quick, small enough to fit anywhere. */
const BATCH_ROWS = 32_768;
/** Coalitions, of as many rows as have them, that are held together. */
const COALITIONS_AT_ONCE = 65_536;

/**
 * Shapley values of the game v(S) = mean margin over the background with the columns of S taken from the row:
 *
 *   φ_i = Σ_{S ∌ i} |S|! (g − |S| − 1)! / g! · (v(S ∪ i) − v(S))
 *
 * All 2^g coalitions are asked, so nothing is estimated: base + Σ φ = margin to rounding. Costs
 * rows · (2^g − 2) · background predictions and one per row.
 *
 * @returns `base` = v(∅); `values` [rows, parts]
 * @see Shapley 1953; Lundberg and Lee 2017, eq. 4 (interventional form), arXiv:1705.07874
 */
export async function groupShapley(
  predictor: Predictor,
  frame: Frame,
  { background, parts, signal }: { background: Background; parts: readonly Part[]; signal?: AbortSignal },
): Promise<{ base: number; margins: Float64Array; values: Float64Array }> {
  if (background.frame.rows === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected at least one background row to explain against, got none',
    );
  }
  const base = mean(finiteMargins(predictor.link, await predictor.margin(background.frame)));
  const margins = finiteMargins(predictor.link, await predictor.margin(frame));
  const values = new Float64Array(frame.rows * parts.length);
  const together = Math.max(1, Math.floor(COALITIONS_AT_ONCE / 2 ** parts.length));
  for (let start = 0; start < frame.rows; start += together) {
    const rows = Uint32Array.from({ length: Math.min(together, frame.rows - start) }, (_, i) => start + i);
    const worth = await worthOfCoalitions(predictor, takeRows(frame, rows), {
      background: background.frame,
      parts: parts.map((part) => part.columns),
      ends: { base, margins: margins.subarray(start, start + rows.length) },
      signal,
    });
    values.set(shapleyValues(worth, parts.length), start * parts.length);
  }
  return { base, margins, values };
}

interface WorthOptions {
  readonly background: Frame;
  /** Column names of each part. */
  readonly parts: readonly (readonly string[])[];
  /** What is known without asking: v(∅), and v(all parts) of each row. */
  readonly ends: { readonly base: number; readonly margins: Float64Array };
  readonly signal?: AbortSignal;
}

/** v(S) for every row and bit mask S, [rows, 2^parts]. */
async function worthOfCoalitions(
  predictor: Predictor,
  frame: Frame,
  { background, parts, ends, signal }: WorthOptions,
): Promise<Float64Array> {
  const coalitions = 2 ** parts.length;
  const stacked = stackRows(background, frame, parts.flat());
  const worth = new Float64Array(frame.rows * coalitions).fill(ends.base);
  const open: { row: number; coalition: number }[] = [];
  for (let row = 0; row < frame.rows; row++) {
    if (parts.length > 0) worth[row * coalitions + coalitions - 1] = ends.margins[row];
    for (let coalition = 1; coalition < coalitions - 1; coalition++) open.push({ row, coalition });
  }
  const means = await blockMeans(predictor, stacked, {
    rows: background.rows,
    parts,
    blocks: open.map(({ row, coalition }) => ({ row, owns: (part) => ((coalition >> part) & 1) === 1 })),
    signal,
  });
  open.forEach(({ row, coalition }, at) => {
    worth[row * coalitions + coalition] = means[at];
  });
  return worth;
}

/**
 * Mean margin of every block over the background, asked for in batches.
 *
 * @param stacked as for `coalitionFrame`, with `rows` rows of background
 */
export async function blockMeans(
  predictor: Predictor,
  stacked: Frame,
  {
    rows,
    parts,
    blocks,
    signal,
  }: {
    rows: number;
    parts: readonly (readonly string[])[];
    blocks: readonly Block[];
    signal?: AbortSignal;
  },
): Promise<Float64Array> {
  const means = new Float64Array(blocks.length);
  const perBatch = Math.max(1, Math.floor(BATCH_ROWS / rows));
  for (let start = 0; start < blocks.length; start += perBatch) {
    throwIfAborted(signal);
    const asked = coalitionFrame(stacked, rows, parts, blocks.slice(start, start + perBatch));
    const answers = finiteMargins(predictor.link, await predictor.margin(asked));
    for (let at = 0; at * rows < answers.length; at++) {
      means[start + at] = mean(answers.subarray(at * rows, (at + 1) * rows));
    }
  }
  return means;
}

/**
 * @param worth v(S) for every bit mask S of `count` players, [games, 2^count]
 * @returns     [games, count]
 */
export function shapleyValues(worth: Float64Array, count: number): Float64Array {
  const coalitions = 2 ** count;
  const games = worth.length / coalitions;
  const weight = orderWeights(count);
  const values = new Float64Array(games * count);
  for (let coalition = 0; coalition < coalitions; coalition++) {
    const share = weight[bitCount(coalition)];
    for (let player = 0; player < count; player++) {
      const bit = 1 << player;
      if (coalition & bit) continue;
      for (let game = 0; game < games; game++) {
        const at = game * coalitions + coalition;
        values[game * count + player] += share * (worth[at + bit] - worth[at]);
      }
    }
  }
  return values;
}

/** s! (n − s − 1)! / n! for s = 0 … n − 1: the chance that exactly a given s players came before. */
function orderWeights(count: number): Float64Array {
  const weight = new Float64Array(Math.max(1, count));
  let share = 1 / Math.max(1, count);
  for (let size = 0; size < count; size++) {
    weight[size] = share;
    share *= (size + 1) / Math.max(1, count - size - 1);
  }
  return weight;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
