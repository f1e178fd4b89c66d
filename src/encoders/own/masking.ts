// Which pieces of a text are hidden, and behind what: drawn anew each time a text is read.
import type { Random } from '../../core/random.ts';

export interface MaskingOptions {
  /** Share of the pieces asked about. */
  readonly share: number;
  /** The id that hides a piece. */
  readonly maskId: number;
  /** Ids below this and in `special` never stand in for another; pieces in [0, size) may. */
  readonly size: number;
  readonly special: ReadonlySet<number>;
  /** Longest run of neighbours hidden together: a piece next to one it is always seen with is too easily guessed. */
  readonly longestRun: number;
}

/** What a text is read as, and what is asked about it. */
export interface Masked {
  /** [pieces] */
  readonly ids: Int32Array;
  /** Places asked about, rising. */
  readonly places: Int32Array;
  /** What stood there. */
  readonly targets: Int32Array;
}

/** How often a run goes on by one more piece. */
const GOES_ON = 0.4;

/**
 * Hides pieces in short runs until their share is reached, one at least: of those chosen 8 of 10 behind the mask, 1 behind a
 * piece drawn at random, 1 left as it is.
 *
 * @param most places asked about at most
 * @see Devlin et al. 2019, arXiv:1810.04805, §3.1; runs: Joshi et al. 2020, arXiv:1907.10529, §3.1
 */
export function maskPieces(
  ids: Int32Array,
  options: MaskingOptions,
  draws: Random,
  most = ids.length,
): Masked {
  const { share, maskId, size, special, longestRun } = options;
  const open = Array.from(ids.keys()).filter((at) => !special.has(ids[at]));
  const wanted = Math.min(most, open.length, Math.max(1, Math.round(share * open.length)));
  const chosen = new Uint8Array(ids.length);
  let count = 0;
  // A draw may hit what is chosen already; enough draws reach any share that makes sense.
  for (let tries = 0; count < wanted && tries < 20 * wanted; tries++) {
    let at = open[draws.integer(open.length)];
    for (let run = 0; run < longestRun && count < wanted; run++, at++) {
      if (at >= ids.length || special.has(ids[at])) break;
      if (chosen[at] === 0) {
        chosen[at] = 1;
        count++;
      }
      if (draws.uniform() >= GOES_ON) break;
    }
  }
  const places = new Int32Array(count);
  const targets = new Int32Array(count);
  const hidden = ids.slice();
  let k = 0;
  for (let at = 0; at < ids.length; at++) {
    if (chosen[at] === 0) continue;
    places[k] = at;
    targets[k++] = ids[at];
    const draw = draws.uniform();
    if (draw < 0.8) hidden[at] = maskId;
    else if (draw < 0.9) hidden[at] = anyPiece(size, special, draws);
  }
  return { ids: hidden, places, targets };
}

function anyPiece(size: number, special: ReadonlySet<number>, draws: Random): number {
  for (;;) {
    const id = draws.integer(size);
    if (!special.has(id)) return id;
  }
}
