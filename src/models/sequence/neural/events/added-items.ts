// A plan with items that training never saw: they share the unknown row, and are told apart by what is known of them.
import type { AddedItems } from '../../recommender.ts';
import { isTold } from '../fusion/lift-new-items.ts';
import { fedVectors, fedWidth } from '../fusion/plan-vectors.ts';
import { priceLevels, type TokenPlan, UNKNOWN_ROW } from './tokens.ts';

/** The weights stay as they are: no table grows by an item without a row, or by a level that training did not meet. */
export function planWithItems(plan: TokenPlan, { itemIds, attributes }: AddedItems): TokenPlan {
  const known = plan.itemIds.length;
  const all = known + itemIds.length;
  const { categories, priceMinor } = attributes;
  const longer = <T extends Int32Array | Float32Array>(own: T, into: T): T => {
    into.set(own);
    return into;
  };
  const vectors = plan.vectors.map((own) => {
    const values = fedVectors(own, attributes.vectors, all);
    values.set(own.values.subarray(0, known * fedWidth(own)));
    return { ...own, values };
  });
  const lifted = (item: number): number => (isTold({ vectors }, item) ? (plan.lift ?? 0) : 0);
  return {
    ...plan,
    vectors,
    itemIds: [...plan.itemIds, ...itemIds],
    rowOf: longer(plan.rowOf, new Int32Array(all).fill(UNKNOWN_ROW)),
    counts: longer(plan.counts, new Int32Array(all)),
    logShare: longer(
      plan.logShare,
      Float32Array.from({ length: all }, (_, item) => lifted(item)),
    ),
    columns: plan.columns.map((column) => {
      const codes = longer(column.codes, new Int32Array(all));
      const told = Object.hasOwn(categories, column.name) ? categories[column.name].codes : undefined;
      const prices =
        column.name === 'price' && !told && priceMinor
          ? priceLevels(priceMinor, priceMinor.subarray(0, known))
          : undefined;
      for (let item = known; item < all; item++) {
        const code = told ? told[item] + 1 : (prices?.[item] ?? 0);
        codes[item] = code > 0 && code < column.levels ? code : 0;
      }
      return { ...column, codes };
    }),
  };
}
