// Words of a shop a month later: those known keep their places, what is new stands behind them.
import { MOST_CATEGORIES, type Vocabulary } from '../histories.ts';

/** @param found in the events as they are now */
export const growVocabulary = (known: Vocabulary, found: Vocabulary): Vocabulary => ({
  itemIds: joined(known.itemIds, found.itemIds),
  typeLevels: joined(known.typeLevels, found.typeLevels).slice(0, MOST_CATEGORIES),
  categories: joined(known.categories, found.categories).slice(0, MOST_CATEGORIES),
});

function joined(known: readonly string[], found: readonly string[]): readonly string[] {
  const all = new Set(known);
  return [...known, ...found.filter((word) => !all.has(word))];
}
