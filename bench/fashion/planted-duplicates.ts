// Titles said differently and planted in the catalogue: how many are found, and how much else is taken for them.
import { type Random, random } from '../../src/core/random.ts';
import { findDuplicates } from '../../src/models/retrieval/duplicate-groups.ts';
import type { BenchOptions } from '../bench.ts';
import { type Fashion, meanAndSpread } from './fashion-data.ts';

const PLANTED = 500;

export async function plantedDuplicates(
  fashion: Fashion,
  { seed, log }: BenchOptions,
): Promise<Record<string, unknown>> {
  // One product a name: what is merged besides the planted ones then differs in a word at least.
  const first = new Map<string, number>();
  fashion.keys.forEach((key, i) => {
    if (!first.has(key) && fashion.names[i] !== '') first.set(key, i);
  });
  const base = [...first.values()];
  const scores: Record<string, Record<string, number[]>> = {};
  for (let draw = seed; draw < seed + 3; draw++) {
    const own = random(draw).fork('duplicates');
    const picks = own.shuffle(Array.from(base.keys())).slice(0, PLANTED);
    const titles = [
      ...base.map((i) => fashion.names[i]),
      ...picks.map((at) => saidDifferently(fashion.names[base[at]], own)),
    ];
    const categories = [...base, ...picks.map((at) => base[at])].map((i) => fashion.fields.articleType[i]);
    for (const [way, options] of Object.entries({
      'by the shape of the data': { categories },
      'by the shape of the data, categories not told': {},
      'likeness from .8 on': { categories, threshold: 0.8 },
    })) {
      const startedMs = performance.now();
      const found = await findDuplicates(titles, options);
      const seconds = (performance.now() - startedMs) / 1000;
      const groupOf = new Map(
        found.groups.flatMap(({ items }, group) => items.map((item) => [item, group] as const)),
      );
      const pairs = found.groups.reduce((sum, { items }) => sum + (items.length * (items.length - 1)) / 2, 0);
      const hits = picks.filter((at, k) => {
        const group = groupOf.get(at);
        return group !== undefined && group === groupOf.get(base.length + k);
      }).length;
      scores[way] ??= { recall: [], precision: [], threshold: [], seconds: [] };
      scores[way].recall.push(hits / PLANTED);
      scores[way].precision.push(hits / Math.max(1, pairs));
      scores[way].threshold.push(found.threshold);
      scores[way].seconds.push(seconds);
    }
    log(`duplicates, seed ${draw}: done`);
  }
  return {
    titles: base.length,
    planted: PLANTED,
    ...Object.fromEntries(
      Object.entries(scores).map(([way, own]) => [
        way,
        Object.fromEntries(Object.entries(own).map(([key, values]) => [key, meanAndSpread(values)])),
      ]),
    ),
  };
}

/** One or two of: words in another order, another case, stray marks, a slip of the hand. */
function saidDifferently(title: string, own: Random): string {
  let words = title.split(/\s+/);
  const kinds = new Set([own.integer(4), own.integer(4)]);
  if (kinds.has(0)) own.shuffle(words);
  if (kinds.has(1))
    words = words.map((word) => (own.uniform() < 0.5 ? word.toUpperCase() : word.toLowerCase()));
  if (kinds.has(2))
    words = words.map((word) => (own.uniform() < 0.3 ? word + [',', '.', ' -', '!'][own.integer(4)] : word));
  const long = Array.from(words.keys()).filter((k) => /^[A-Za-z]{5,}$/.test(words[k]));
  if (kinds.has(3) && long.length > 0) {
    const at = long[own.integer(long.length)];
    const word = words[at];
    const letter = 1 + own.integer(word.length - 2);
    words[at] = [
      word.slice(0, letter) + word.slice(letter + 1),
      word.slice(0, letter) + word[letter + 1] + word[letter] + word.slice(letter + 2),
      `${word.slice(0, letter)}x${word.slice(letter)}`,
    ][own.integer(3)];
  }
  return words.join(' ');
}
