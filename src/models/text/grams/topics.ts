// What texts are about, learned without any label: the directions along which they differ most, the stronger the louder.
import { fitLatent, type Latent, latentCoordinates } from '../../encoding/latent.ts';
import type { SparseRows } from '../../encoding/sparse-rows.ts';

/** A basis whose coordinates are as loud as their direction is strong. */
export type Topics = Latent;

/** Fewer where there are fewer texts: three rows and n-grams a direction at least. */
const DIMENSIONS = 128;
/**
 * Loudness of a direction of strength σ is σ to this power. At 0, all alike, many directions are noise and few labels
 * cannot tell which; at 1 it is the projection; beyond, n-grams met together stand for one another.
 */
const LOUDNESS = 1.5;

/**
 * @param matrix n-grams of all texts there are, rows of length one
 * @returns undefined where there are too few texts
 * @throws AppError INTERRUPTED
 * @see Deerwester et al. 1990, "Indexing by latent semantic analysis"
 */
export async function fitTopics(
  matrix: SparseRows,
  { seed, signal }: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<Topics | undefined> {
  for (let dimensions = DIMENSIONS; dimensions >= 4; dimensions = Math.floor(dimensions / 2)) {
    const latent = await fitLatent(matrix, { dimensions, seed, ...(signal && { signal }) });
    if (latent) return loud(latent);
  }
  return undefined;
}

/** A latent basis has a mean square of one along each direction, so the length of its column is 1/σ up to a constant. */
function loud({ dimensions, columns, basis }: Latent): Topics {
  const squares = new Float64Array(dimensions);
  for (let i = 0; i < basis.length; i++) squares[i % dimensions] += basis[i] ** 2;
  const scale = squares.map((square) => square ** (-LOUDNESS / 2));
  return { dimensions, columns, basis: basis.map((value, i) => value * scale[i % dimensions]) };
}

/** Rows of topics, of length one, from rows of n-grams. */
export function topicRows(topics: Topics, grams: SparseRows): SparseRows {
  const { dimensions } = topics;
  const { rows } = grams;
  const coordinates = latentCoordinates(topics, grams);
  const offsets = Uint32Array.from({ length: rows + 1 }, (_, row) => row * dimensions);
  const codes = Int32Array.from({ length: rows * dimensions }, (_, i) => i % dimensions);
  const values = new Float32Array(rows * dimensions);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let d = 0; d < dimensions; d++) squares += coordinates[d][row] ** 2;
    const length = Math.sqrt(squares) || 1;
    for (let d = 0; d < dimensions; d++) values[row * dimensions + d] = coordinates[d][row] / length;
  }
  return { rows, width: dimensions, offsets, codes, values };
}
