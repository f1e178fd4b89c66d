// Labelled texts as the network reads them: cut into pieces once, batches of like lengths.

import type { Random } from '../../core/random.ts';
import { joinPieces, type PieceRows } from '../../encoders/text/piece-rows.ts';
import type { Tokenizer } from '../../encoders/tokenizer/tokenizer.ts';

/** Labelled texts. */
export interface TextRows {
  /** As they are read. */
  readonly texts: readonly string[];
  readonly pieces: PieceRows;
  /** What the head adds to, [rows, answers]. */
  readonly beginning: Float32Array;
  /** 0 to 1 of yes-or-no questions, standardised amounts, or classes, [rows]. */
  readonly target: Float32Array;
  readonly weight: Float32Array;
}

export const cutRows = (texts: readonly string[], tokenizer: Tokenizer, length: number): PieceRows =>
  joinPieces(texts.map((text) => tokenizer.encode(text, length)));

export const rowLengths = ({ offsets }: PieceRows): Int32Array =>
  Int32Array.from({ length: offsets.length - 1 }, (_, row) => offsets[row + 1] - offsets[row]);

export interface Padding {
  readonly batch: number;
  readonly time: number;
  readonly padId: number;
  /** A text as it is read this time. */
  readonly reading?: (pieces: Int32Array, draws: Random) => Int32Array;
}

/** Pieces of some rows and their mask, [batch, time] each. */
export function padRows(
  { ids, offsets }: PieceRows,
  rows: ArrayLike<number>,
  { batch, time, padId, reading }: Padding,
  draws?: Random,
): { readonly ids: Int32Array; readonly mask: Float32Array } {
  const padded = { ids: new Int32Array(batch * time).fill(padId), mask: new Float32Array(batch * time) };
  for (let r = 0; r < rows.length; r++) {
    const whole = ids.subarray(offsets[rows[r]], offsets[rows[r] + 1]);
    const own = reading && draws ? reading(whole, draws) : whole;
    const read = Math.min(own.length, time);
    padded.ids.set(own.subarray(0, read), r * time);
    padded.mask.fill(1, r * time, r * time + read);
  }
  return padded;
}
