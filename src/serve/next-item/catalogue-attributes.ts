// What is known of items as a model was told it: columns of a catalogue by the levels that the model has learned.
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { ItemAttributes } from '../../core/sequences.ts';

/**
 * Known items have what the model learned of them; new ones what the catalogue says, where the model has met that level. Of a
 * model that was told nothing, the catalogue's own categories serve: likeness reads them, and so do items without a past.
 *
 * @param told as saved with the model, row i being item i of it
 * @param read of all items of the catalogue, as `readItems` and `lakeAttributes` give
 */
export function catalogueAttributes(
  { known }: Pick<ItemCatalogue, 'known'>,
  told: ItemAttributes | undefined,
  read: ItemAttributes,
): ItemAttributes {
  if (!told) return read;
  const all = read.priceMinor?.length ?? Object.values(read.categories)[0]?.codes.length ?? known;
  const categories = Object.fromEntries(
    Object.entries(told.categories).map(([kind, own]) => {
      const codes = new Int32Array(all).fill(-1);
      codes.set(own.codes);
      const found = Object.hasOwn(read.categories, kind) ? read.categories[kind] : undefined;
      if (found) {
        const places = new Map(own.levels.map((level, code) => [level, code]));
        const codeOf = Int32Array.from(found.levels, (level) => places.get(level) ?? -1);
        for (let item = known; item < all; item++)
          if (found.codes[item] >= 0) codes[item] = codeOf[found.codes[item]];
      }
      return [kind, { codes, levels: own.levels }];
    }),
  );
  if (!told.priceMinor) return { categories };
  const priceMinor = new Float64Array(all).fill(Number.NaN);
  priceMinor.set(told.priceMinor);
  if (read.priceMinor) priceMinor.set(read.priceMinor.subarray(known), known);
  return { categories, priceMinor };
}
