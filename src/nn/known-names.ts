// A name nobody knows: refused with the names that look most like it.

import { AppError } from '../core/errors.ts';

/** How many names are offered. */
const OFFERED = 3;

/**
 * @param what names stand for, in the singular: `trained parameter`
 * @throws AppError USAGE for the first name that is not known
 */
export function requireKnown(what: string, names: readonly string[], known: readonly string[]): void {
  const all = new Set(known);
  const unknown = names.find((name) => !all.has(name));
  if (unknown === undefined) return;
  const nearest = known
    .map((name) => ({ name, distance: editDistance(unknown, name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, OFFERED)
    .map(({ name }) => `"${name}"`);
  throw new AppError(
    'USAGE',
    `expected the name of a ${what}, got "${unknown}"; the nearest of ${known.length} are ${nearest.join(', ')}`,
    { name: unknown },
  );
}

/** Least number of letters put in, left out or exchanged (Levenshtein 1966), by Wagner and Fischer's table, a row at a time. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const exchanged = (row[j] as number) + Number(from[i] !== to[j]);
      next.push(Math.min(exchanged, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
