// Folds that keep groups together and outcomes in balance, and the files that hold them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { random } from '../../src/core/random.ts';

/** One test and what may be learned from before it: rows, rising. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Whole groups dealt to folds at random, the outcomes spread evenly: groups in a random order go to the fold that is
 * furthest behind its share of their outcome, then of rows.
 *
 * @param groups  of each row
 * @param strata  small whole number of each row: its class, or its decile
 */
export function groupedFolds(
  groups: readonly (string | number)[],
  strata: ArrayLike<number>,
  { folds, seed }: { folds: number; seed: number },
): Uint8Array {
  const members = new Map<string | number, number[]>();
  groups.forEach((group, row) => {
    members.set(group, [...(members.get(group) ?? []), row]);
  });
  const order = [...members.values()];
  random(seed).fork('folds').shuffle(order);
  // Large groups first: they are the hard ones to place.
  order.sort((a, b) => b.length - a.length);
  const held = new Map<number, Float64Array>();
  const rows = new Float64Array(folds);
  const fold = new Uint8Array(groups.length);
  for (const group of order) {
    const stratum = strata[group[0]];
    const own = held.get(stratum) ?? new Float64Array(folds);
    held.set(stratum, own);
    let best = 0;
    for (let k = 1; k < folds; k++) {
      if (own[k] < own[best] || (own[k] === own[best] && rows[k] < rows[best])) best = k;
    }
    own[best] += group.length;
    rows[best] += group.length;
    for (const row of group) fold[row] = best;
  }
  return fold;
}

/** Every fold the test once, the others its training. */
export function splitsOf(fold: Uint8Array): Split[] {
  const folds = fold.reduce((most, own) => Math.max(most, own), 0) + 1;
  return Array.from({ length: folds }, (_, k) => ({
    train: rowsWhere(fold, (own) => own !== k),
    test: rowsWhere(fold, (own) => own === k),
  }));
}

const rowsWhere = (fold: Uint8Array, wanted: (own: number) => boolean): Int32Array =>
  Int32Array.from(Array.from(fold.keys()).filter((row) => wanted(fold[row])));

/** Folds as a file: a line of digits for each repeat, the first line the digest of what they were cut for. */
export const foldsText = (repeats: readonly Uint8Array[], digest: string): string =>
  `${digest}\n${repeats.map((fold) => fold.join('')).join('\n')}\n`;

/** @throws Error when the file was cut for other rows */
export function readFolds(path: string, digest: string): Uint8Array[] {
  const [cutFor, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  if (cutFor !== digest)
    throw new Error(`the folds in ${path} were cut for other rows: ${cutFor}, not ${digest}`);
  return lines.map((line) => Uint8Array.from(line, Number));
}

export const digestOf = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
};
