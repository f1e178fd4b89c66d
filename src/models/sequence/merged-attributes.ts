// What is known of items now, told in the words a model learned: its levels first, in their old order, new ones behind.
import type { ItemAttributes } from '../../core/sequences.ts';

export function mergeAttributes(
  before: ItemAttributes | undefined,
  now: ItemAttributes | undefined,
): ItemAttributes | undefined {
  if (!before || !now) return now;
  return {
    ...now,
    categories: Object.fromEntries(
      Object.entries(now.categories).map(([kind, { codes, levels }]) => {
        const known = before.categories[kind]?.levels ?? [];
        const all = [...known, ...levels.filter((level) => !known.includes(level))];
        const places = new Map(all.map((level, place) => [level, place]));
        const placeOf = levels.map((level) => places.get(level) as number);
        return [kind, { codes: codes.map((code) => (code < 0 ? -1 : placeOf[code])), levels: all }];
      }),
    ),
  };
}
