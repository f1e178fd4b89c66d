// What the catalogue says of items, as far as features care, held for the online fold.
import type { Engine } from '../../data/engine.ts';
import type { ItemFacts } from '../../data/features/fields.ts';
import type { EventSource } from '../../data/source.ts';

/** By item id; empty where the shop has no catalogue. About 150 bytes an item. */
export async function readItemFacts(
  engine: Engine,
  { items }: Pick<EventSource, 'items'>,
): Promise<ReadonlyMap<string, ItemFacts>> {
  const facts = new Map<string, ItemFacts>();
  if (items === undefined) return facts;
  // One text of a category or brand serves all items that share it.
  const texts = new Map<string, string>();
  const shared = (text: string): string | null => {
    if (text === '') return null;
    const known = texts.get(text);
    if (known !== undefined) return known;
    const own = text.slice(1);
    texts.set(text, own);
    return own;
  };
  const told = (column: string): string => `CASE WHEN ${column} IS NULL THEN '' ELSE '=' || ${column} END`;
  await engine.stream(
    `SELECT item_id, ${told('category')}, ${told('brand')}, coalesce(CAST(price_minor AS DOUBLE), 'NaN'::DOUBLE) FROM ${items}`,
    ([ids, categories, brands, prices], count) => {
      for (let row = 0; row < count; row++) {
        const price = prices[row] as number;
        facts.set(ids[row] as string, {
          category: shared(categories[row] as string),
          brand: shared(brands[row] as string),
          price_minor: Number.isNaN(price) ? null : price,
        });
      }
    },
  );
  return facts;
}
