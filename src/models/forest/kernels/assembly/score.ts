// Margins of the rows in a slot, or of its one row.
import { SWEPT, word } from './plan.ts';
import { sweep } from './sweep.ts';
import { walk, walkRow } from './walk.ts';

export function score(plan: usize, slot: usize): void {
  if (word(plan, SWEPT)) sweep(plan, slot);
  else walk(plan, slot);
}

/** The slot's columns are [inputs] here, its margins [outputs]. */
export function scoreRow(plan: usize, slot: usize): void {
  walkRow(plan, slot);
}
