// Which rows of a table are the same row again: a digest of all features a row, and how often each stands there.
import type { Column, Frame } from '../../core/frame.ts';
import { hash32 } from '../../core/random.ts';

/** Copies among the rows of a table. */
export interface Copies {
  /** Rows that stand there with the same features as an earlier one. */
  readonly repeated: number;
  /** Different rows / all rows. */
  readonly distinct: number;
  /** Whether equal features mean the same thing seen twice; in a coarse table they are chance. */
  readonly areCopies: boolean;
}

export interface RowIdentities {
  /** One text a row, equal where all features are equal, [rows] */
  readonly keys: readonly string[];
  readonly copies: Copies;
}

/** With fewer different rows than this, the columns are too coarse for a twin to be a copy. */
const COARSE = 0.5;

/** The order of rows and columns does not matter. */
export function identifyRows(frame: Frame): RowIdentities {
  const first = new Uint32Array(frame.rows);
  const second = new Uint32Array(frame.rows);
  for (const column of frame.columns.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const cells = cellDigests(column);
    const salt = hash32(column.name);
    for (let row = 0; row < frame.rows; row++) {
      first[row] = Math.imul(first[row] ^ cells[row] ^ salt, 0x85ebca6b) ^ (first[row] >>> 13);
      second[row] = Math.imul(second[row] + (cells[row] ^ salt), 0xc2b2ae35) ^ (second[row] >>> 16);
    }
  }
  const keys = Array.from(first, (digest, row) => `${digest.toString(36)}.${second[row].toString(36)}`);
  const distinct = new Set(keys).size;
  const share = frame.rows === 0 ? 1 : distinct / frame.rows;
  return { keys, copies: { repeated: frame.rows - distinct, distinct: share, areCopies: share >= COARSE } };
}

/** A number a cell, [rows]. */
function cellDigests(column: Column): Uint32Array {
  switch (column.kind) {
    case 'number': {
      const digests = new Uint32Array(column.values.length);
      const value = new Float64Array(1);
      const words = new Uint32Array(value.buffer);
      for (let row = 0; row < digests.length; row++) {
        // Adding 0 makes −0 and 0 one value; NaN has one spelling here.
        value[0] = Number.isNaN(column.values[row]) ? Number.NaN : column.values[row] + 0;
        digests[row] = Math.imul(words[0] ^ 0x9e3779b9, 0x01000193) ^ Math.imul(words[1], 0x85ebca6b);
      }
      return digests;
    }
    case 'category': {
      const ofLevel = column.levels.map((level) => hash32(level));
      return Uint32Array.from(column.codes, (code) => (code < 0 ? 0 : ofLevel[code]));
    }
    case 'text':
      return Uint32Array.from(column.values, (text) => hash32(text));
    case 'vector':
      return Uint32Array.from({ length: column.values.length / Math.max(1, column.width) }, (_, row) =>
        hash32(column.values.subarray(row * column.width, (row + 1) * column.width).join()),
      );
    case 'sequence':
      return Uint32Array.from({ length: column.offsets.length - 1 }, (_, row) =>
        hash32(column.codes.subarray(column.offsets[row], column.offsets[row + 1]).join()),
      );
  }
}
