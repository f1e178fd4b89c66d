// Where each target stands among all items of the catalogue, ties against us, with and without what the entity has had.
import { AppError } from '../../core/errors.ts';
import type { NextItemCases } from '../../core/sequences.ts';

/** Places from 1; ∞ where the target can never be found. [cases] each */
export interface TargetRanks {
  /** Every item is a candidate. */
  readonly included: Float64Array;
  /** What the entity has had is no candidate: a target that repeats it is never found. */
  readonly excluded: Float64Array;
}

export const emptyRanks = (cases: number): TargetRanks => ({
  included: new Float64Array(cases),
  excluded: new Float64Array(cases),
});

/**
 * Puts the places of the cases `from … from + rows` into `into`. An item with the target's score stands before it, a score
 * that is not a number last; a target outside the catalogue (−1) is never found.
 *
 * @param scores [rows, items]
 * @throws AppError SHAPE when the scores are not [rows, items]
 */
export function rankTargets(
  scores: Float32Array,
  { before, targets }: NextItemCases,
  { from, rows, into }: { from: number; rows: number; into: TargetRanks },
): void {
  const items = before.itemIds.length;
  if (scores.length !== rows * items)
    throw new AppError('SHAPE', `expected ${rows} × ${items} scores, got ${scores.length}`);
  const metIn = new Int32Array(items).fill(-1);
  for (let row = 0; row < rows; row++) {
    const at = from + row;
    const target = targets[at];
    if (target < 0) {
      into.included[at] = Number.POSITIVE_INFINITY;
      into.excluded[at] = Number.POSITIVE_INFINITY;
      continue;
    }
    const own = scores.subarray(row * items, (row + 1) * items);
    const reach = own[target];
    // Nothing stands behind a score of −∞, nor behind one that is no number.
    const isLast = !(reach > Number.NEGATIVE_INFINITY);
    let place = isLast ? items : 0;
    if (!isLast) for (let item = 0; item < items; item++) place += own[item] >= reach ? 1 : 0;
    let hidden = 0;
    for (let event = before.offsets[at]; event < before.offsets[at + 1]; event++) {
      const item = before.items[event];
      if (item < 0 || metIn[item] === row) continue;
      metIn[item] = row;
      if (isLast || own[item] >= reach) hidden++;
    }
    into.included[at] = place;
    into.excluded[at] = metIn[target] === row ? Number.POSITIVE_INFINITY : place - hidden;
  }
}
