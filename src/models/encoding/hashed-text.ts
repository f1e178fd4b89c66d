// A text column as a sparse matrix: hashed n-grams weighed by TF-IDF, rows of length one.
import { pause } from '../../core/pause.ts';
import type { SparseRows } from './sparse-rows.ts';
import { emptyGrams, type GramOptions, hashGrams } from './tokens.ts';

/** Which buckets of the hash are columns, and how much each weighs. */
export interface Vocabulary extends GramOptions {
  /** 2^bits buckets. */
  readonly bits: number;
  /** Bucket of each column, rising. */
  readonly buckets: Int32Array;
  /** Inverse document frequency of each column: ln((1 + rows) / (1 + rows with it)) + 1. */
  readonly idf: Float32Array;
}

/** A quarter of a million buckets: at 100,000 different n-grams in use, two thirds have one to themselves. */
const BITS = 18;
/** n-grams of fewer texts than this are left out: nothing can be learned from one. */
const MIN_TEXTS = 2;
/**
 * Texts shorter than this on average, such as names and queries, are read for pieces of words too; in longer ones words say
 * the same at a fifth of the cost.
 */
const SHORT_TEXT = 60;
const MAX_CHARACTERS_FOR_PIECES = 20_000_000;

interface Counted {
  readonly offsets: Uint32Array;
  /** Buckets of each text, rising, each once. */
  readonly buckets: Int32Array;
  readonly counts: Uint16Array;
}

const PAUSE_EVERY = 512;

type Counting = (texts: readonly string[], signal: AbortSignal | undefined) => Promise<Counted>;

/** Counts n-grams text by text; what it scribbles on is kept from call to call, and clean between texts. */
function gramCounter({ bits, pieces }: Pick<Vocabulary, 'bits' | 'pieces'>): Counting {
  const mask = 2 ** bits - 1;
  const grams = emptyGrams();
  const seen = new Uint16Array(mask + 1);
  return async (texts, signal) => {
    const offsets = new Uint32Array(texts.length + 1);
    let buckets = new Int32Array(64 * texts.length + 1024);
    let counts = new Uint16Array(buckets.length);
    let size = 0;
    for (let row = 0; row < texts.length; row++) {
      if (row % PAUSE_EVERY === PAUSE_EVERY - 1) await pause(signal);
      hashGrams(texts[row], { pieces }, grams);
      if (size + grams.count > buckets.length) {
        const larger = 2 * buckets.length + grams.count;
        buckets = resized(buckets, new Int32Array(larger));
        counts = resized(counts, new Uint16Array(larger));
      }
      const from = size;
      for (let g = 0; g < grams.count; g++) {
        const bucket = grams.hashes[g] & mask;
        if (seen[bucket] === 0) buckets[size++] = bucket;
        if (seen[bucket] < 65535) seen[bucket]++;
      }
      buckets.subarray(from, size).sort();
      for (let k = from; k < size; k++) {
        counts[k] = seen[buckets[k]];
        seen[buckets[k]] = 0;
      }
      offsets[row + 1] = size;
    }
    return { offsets, buckets: buckets.subarray(0, size), counts: counts.subarray(0, size) };
  };
}

function resized<T extends Int32Array | Uint16Array>(old: T, into: T): T {
  into.set(old);
  return into;
}

/** Learns which n-grams there are, and encodes the texts it learned from. @throws AppError INTERRUPTED */
export async function fitHashedText(
  texts: readonly string[],
  options: Partial<GramOptions> & { readonly signal?: AbortSignal } = {},
): Promise<{ vocabulary: Vocabulary; matrix: SparseRows }> {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const isShort = characters <= Math.min(SHORT_TEXT * texts.length, MAX_CHARACTERS_FOR_PIECES);
  const { pieces = isShort } = options;
  const counted = await gramCounter({ pieces, bits: BITS })(texts, options.signal);
  const texting = new Uint32Array(2 ** BITS);
  for (const bucket of counted.buckets) texting[bucket]++;
  const kept: number[] = [];
  texting.forEach((rows, bucket) => {
    if (rows >= MIN_TEXTS) kept.push(bucket);
  });
  const buckets = Int32Array.from(kept);
  const idf = Float32Array.from(kept, (bucket) => Math.log((1 + texts.length) / (1 + texting[bucket])) + 1);
  const vocabulary: Vocabulary = { pieces, bits: BITS, buckets, idf };
  return { vocabulary, matrix: weighCounts(vocabulary, bucketColumns(vocabulary), counted) };
}

/** Encodes any texts, as often as asked, by a vocabulary learned before. */
export function textReader(vocabulary: Vocabulary): (texts: readonly string[]) => Promise<SparseRows> {
  const count = gramCounter(vocabulary);
  const columnOf = bucketColumns(vocabulary);
  return async (texts) => weighCounts(vocabulary, columnOf, await count(texts, undefined));
}

/** Column of each bucket; −1 for none. */
function bucketColumns({ bits, buckets }: Vocabulary): Int32Array {
  const columnOf = new Int32Array(2 ** bits).fill(-1);
  buckets.forEach((bucket, column) => {
    columnOf[bucket] = column;
  });
  return columnOf;
}

/** (1 + ln count) · idf, each row scaled to length one; n-grams outside the vocabulary are dropped. */
function weighCounts({ buckets, idf }: Vocabulary, columnOf: Int32Array, counted: Counted): SparseRows {
  const rows = counted.offsets.length - 1;
  const offsets = new Uint32Array(rows + 1);
  const codes = new Int32Array(counted.buckets.length);
  const values = new Float32Array(codes.length);
  let size = 0;
  for (let row = 0; row < rows; row++) {
    const from = size;
    let squares = 0;
    for (let k = counted.offsets[row]; k < counted.offsets[row + 1]; k++) {
      const column = columnOf[counted.buckets[k]];
      if (column < 0) continue;
      const value = (1 + Math.log(counted.counts[k])) * idf[column];
      codes[size] = column;
      values[size++] = value;
      squares += value * value;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let k = from; k < size; k++) values[k] *= scale;
    offsets[row + 1] = size;
  }
  return {
    rows,
    width: buckets.length,
    offsets,
    codes: codes.subarray(0, size),
    values: values.subarray(0, size),
  };
}
