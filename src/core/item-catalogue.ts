// The items a shop may offer and what its tables say of them: rows of a frame, beside the codes models know them by.
import type { Frame } from './frame.ts';

/** Row i of everything is item i: the items of a model in its order, then those it never saw. */
export interface ItemCatalogue {
  readonly itemIds: readonly string[];
  /** Items the model knows; those from here on are new to it. */
  readonly known: number;
  /** What is known of them, for rules; a cell is missing where the table does not have the item. */
  readonly frame: Frame;
  /** `''` where there is none; absent where the table has no such column. */
  readonly titles?: readonly string[];
}
