// Embeddings of many ids in few numbers: by hashing, and by giving rare ids narrow rows.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { maximum, minimum, sub, where } from '../../tensor/ops/arithmetic.ts';
import { and, greaterOrEqual, less } from '../../tensor/ops/comparison.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { reshape, sum } from '../../tensor/ops/structure.ts';
import { normal } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';
import { linear } from './linear.ts';

export interface HashedEmbeddingOptions {
  /** How many ids there are. */
  readonly count: number;
  /** How many rows they share. */
  readonly rows: number;
  readonly width: number;
  /** Rows an id reads; two ids are alike only where all of these collide. 2 by default. */
  readonly hashes?: number;
  /** `sum` adds the rows read, `concat` puts narrower ones side by side. */
  readonly combine?: 'sum' | 'concat';
  /** Part of what is hashed: another seed, other collisions. */
  readonly seed?: number;
}

/**
 * ids int32 `[...]` to `[..., width]` through a table `weight` of `rows` rows. Which rows an id reads is worked out when
 * the model is compiled, and is part of it: 4 bytes an id and hash.
 *
 * @see Svenstrup et al. 2017, arXiv:1709.03933
 */
export function hashedEmbedding(options: HashedEmbeddingOptions): Module<Tensor, Tensor> {
  const { count, rows, width, hashes = 2, combine = 'sum', seed = 0 } = options;
  const each = combine === 'sum' ? width : width / hashes;
  if (!Number.isInteger(each))
    throw new AppError('SHAPE', `hashedEmbedding: expected hashes that divide width ${width}, got ${hashes}`);
  const read = Int32Array.from(
    { length: count * hashes },
    (_, i) => hash(Math.floor(i / hashes), seed * hashes + (i % hashes)) % rows,
  );
  return defineModule('hashedEmbedding', (scope, ids) => {
    const places = gather(constant(read, { count, hashes }, 'int32'), ids);
    const found = gather(scope.parameter('weight', { rows, width: each }, normal()), places);
    return combine === 'sum' ? sum(found, -2) : reshape(found, [...ids.axes, { size: width, name: 'width' }]);
  });
}

/** A 32-bit mix in which every bit of both numbers moves half the bits. @see MurmurHash3's finaliser, Appleby 2011 */
function hash(id: number, which: number): number {
  let h = Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(which + 1, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export interface AdaptiveEmbeddingOptions {
  /** Ends of the bands, rising; ids are ordered by how often they occur, and the last end is how many there are. */
  readonly ends: readonly number[];
  /** Width of what comes out, and of the rows of the first band. */
  readonly width: number;
  /** Each band's rows are this many times narrower than the one before; 4 by default. */
  readonly factor?: number;
}

/**
 * ids int32 `[...]`, frequent ones first, to `[..., width]`: band k has rows of width / factor^k and a linear map back.
 *
 * @see Baevski and Auli 2018, arXiv:1809.10853, §3
 */
export function adaptiveEmbedding({
  ends,
  width,
  factor = 4,
}: AdaptiveEmbeddingOptions): Module<Tensor, Tensor> {
  if (ends.length === 0 || ends.some((end, i) => !(end > (ends[i - 1] ?? 0))))
    throw new AppError('USAGE', `adaptiveEmbedding: expected rising ends, got [${ends.join(', ')}]`);
  return defineModule('adaptiveEmbedding', (scope, ids) => {
    const column = reshape(ids, [...ids.axes, { size: 1 }]);
    let rows: Tensor | undefined;
    for (const [band, end] of ends.entries()) {
      const start = ends[band - 1] ?? 0;
      const narrow = Math.max(1, Math.floor(width / factor ** band));
      const table = scope.parameter(`bands.${band}.weight`, { count: end - start, width: narrow }, normal());
      // ids of other bands read some row of this one, and `where` drops what they read
      const place = minimum(maximum(sub(ids, start), 0), end - start - 1);
      const read = gather(table, place);
      const wide =
        band === 0 ? read : scope.apply(`bands.${band}.projection`, linear({ width, bias: false }), read);
      const inside = and(greaterOrEqual(column, start), less(column, end));
      rows = rows === undefined ? wide : where(inside, wide, rows);
    }
    return rows as Tensor;
  });
}
