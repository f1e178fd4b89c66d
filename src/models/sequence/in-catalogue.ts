// A model asked in the codes of another catalogue: of a month ago, or of a month later.
import type { Sequences } from '../../core/sequences.ts';
import type { NextItemModel } from './recommender.ts';

/** The model over these items: what it does not know never comes next, what is not among them is not answered. */
export function inCatalogue(model: NextItemModel, itemIds: readonly string[]): NextItemModel {
  const own = new Map(model.itemIds.map((id, code) => [id, code]));
  const ownOf = Int32Array.from(itemIds, (id) => own.get(id) ?? -1);
  const items = itemIds.length;
  const known = model.itemIds.length;
  return {
    recommender: model.recommender,
    itemIds,
    async score(before) {
      const scores = await model.score(recoded(before, ownOf, model.itemIds));
      const rows = before.offsets.length - 1;
      const answers = new Float32Array(rows * items).fill(Number.NEGATIVE_INFINITY);
      for (let row = 0; row < rows; row++)
        ownOf.forEach((code, item) => {
          if (code >= 0) answers[row * items + item] = scores[row * known + code];
        });
      return answers;
    },
    save: model.save,
    ...(model.close && { close: model.close }),
  };
}

/** The same events with the items called otherwise; −1 for an item that has no other name. */
export const recoded = (sequences: Sequences, codeOf: Int32Array, itemIds: readonly string[]): Sequences => ({
  ...sequences,
  items: sequences.items.map((item) => codeOf[item] ?? -1),
  itemIds,
});
