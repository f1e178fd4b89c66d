// Texts a little changed at each reading, so that an encoder learns what they say rather than how.
import type { Random } from '../../core/random.ts';

export interface Augmentation {
  /** Share of pieces left out. */
  readonly deletion: number;
  /** Share of pieces that change places with the next. */
  readonly swapping: number;
  /** Share of pieces hidden in runs of up to three. */
  readonly hiding: number;
  /** Share of pieces replaced by a neighbour in meaning. */
  readonly replacement: number;
}

export interface AugmentationParts {
  /** Never touched. */
  readonly special: ReadonlySet<number>;
  /** What hides a piece; nothing is hidden without one. */
  readonly maskId?: number | undefined;
  /** Pieces of like meaning, [size, perPiece]; nothing is replaced without them. */
  readonly neighbours?: { readonly ids: Int32Array; readonly perPiece: number } | undefined;
}

export const isAugmented = ({ deletion, swapping, hiding, replacement }: Augmentation): boolean =>
  deletion + swapping + hiding + replacement > 0;

const LONGEST_RUN = 3;

/**
 * The pieces with some replaced, hidden, swapped and left out, in this order; at least half of them stay.
 *
 * @see Wei and Zou 2019, arXiv:1901.11196, for deletion, swap and replacement
 */
export function augmentPieces(
  pieces: Int32Array,
  { deletion, swapping, hiding, replacement }: Augmentation,
  { special, maskId, neighbours }: AugmentationParts,
  draws: Random,
): Int32Array {
  const ids = pieces.slice();
  const isOpen = (at: number): boolean => at < ids.length && !special.has(ids[at]);
  for (let at = 0; at < ids.length; at++) {
    if (!isOpen(at)) continue;
    if (neighbours && draws.uniform() < replacement)
      ids[at] = neighbours.ids[ids[at] * neighbours.perPiece + draws.integer(neighbours.perPiece)];
  }
  if (maskId !== undefined)
    // a run of one to three is two pieces long on average
    for (let at = 0; at < ids.length; at++) {
      if (draws.uniform() >= hiding / 2) continue;
      for (let run = 1 + draws.integer(LONGEST_RUN); run > 0 && isOpen(at); run--, at++) ids[at] = maskId;
    }
  for (let at = 0; at + 1 < ids.length; at++) {
    if (!isOpen(at) || !isOpen(at + 1) || draws.uniform() >= swapping / 2) continue;
    [ids[at], ids[at + 1]] = [ids[at + 1], ids[at]];
  }
  let left = Math.floor(ids.length / 2);
  return ids.filter((id) => special.has(id) || draws.uniform() >= deletion || left-- <= 0);
}

/** So many candidates a piece. */
const PER_PIECE = 5;

export interface NeighbourOptions {
  /** Of the vocabulary. */
  readonly size: number;
  /** Numbers a piece. */
  readonly width: number;
  readonly special: ReadonlySet<number>;
  /** Pieces that are met at all: the others stand for none and get none. */
  readonly met: ReadonlySet<number>;
}

/**
 * The pieces nearest in meaning to each, by the cosine of their rows: [size, 5]. A piece without any stands for itself.
 *
 * @param table [size or more, width]: some networks hold rows that no piece has
 */
export function pieceNeighbours(
  table: Float32Array,
  { size, width, special, met }: NeighbourOptions,
): NonNullable<AugmentationParts['neighbours']> {
  const known = Int32Array.from(met)
    .filter((id) => !special.has(id))
    .sort();
  // [known, width], each row of length one
  const unit = new Float32Array(known.length * width);
  known.forEach((id, row) => {
    const own = table.subarray(id * width, (id + 1) * width);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let j = 0; j < width; j++) unit[row * width + j] = own[j] / length;
  });
  const ids = Int32Array.from({ length: size * PER_PIECE }, (_, at) => Math.floor(at / PER_PIECE));
  const best = new Float64Array(PER_PIECE);
  known.forEach((id, row) => {
    best.fill(Number.NEGATIVE_INFINITY);
    const own = ids.subarray(id * PER_PIECE, (id + 1) * PER_PIECE);
    for (let other = 0; other < known.length; other++) {
      if (other === row) continue;
      let dot = 0;
      for (let j = 0; j < width; j++) dot += unit[row * width + j] * unit[other * width + j];
      let at = PER_PIECE - 1;
      if (dot <= best[at]) continue;
      for (; at > 0 && dot > best[at - 1]; at--) {
        best[at] = best[at - 1];
        own[at] = own[at - 1];
      }
      best[at] = dot;
      own[at] = known[other];
    }
  });
  return { ids, perPiece: PER_PIECE };
}
