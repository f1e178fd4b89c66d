// Answers about customers and items as lists: each customer's items, best first, from those a shop wants to offer.
import { readFileSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { findColumn } from '../core/frame.ts';
import type { Predictions } from './batch.ts';

export interface ListOptions {
  /** So many items of each customer; all when absent. */
  readonly top?: number;
  /** Leaves out what the customer has bought already, as far back as the model's features look. */
  readonly excludeSeen?: boolean;
  /** Only these items. */
  readonly candidates?: ReadonlySet<string>;
}

/** Which row stands at which place of its customer's list. */
export interface ListedRows {
  /** Customers by their best item, items of a customer best first. */
  readonly rows: readonly number[];
  /** [rows], 1 = the customer's best. */
  readonly ranks: readonly number[];
}

/** @param ranked rows of all customers, best first */
export function listByCustomer(
  { entities, frame, subjects }: Pick<Predictions, 'entities' | 'frame' | 'subjects'>,
  ranked: readonly number[],
  { top = Number.POSITIVE_INFINITY, excludeSeen, candidates }: ListOptions,
): ListedRows {
  const items = subjects?.items ?? [];
  const bought = findColumn(frame, 'pair_purchases');
  const isBought = (row: number) => bought?.kind === 'number' && bought.values[row] > 0;
  const lists = new Map<string, number[]>();
  for (const row of ranked) {
    if (excludeSeen && isBought(row)) continue;
    if (candidates && !candidates.has(items[row])) continue;
    const list = lists.get(entities[row]);
    if (!list) lists.set(entities[row], [row]);
    else if (list.length < top) list.push(row);
  }
  const all = [...lists.values()];
  return { rows: all.flat(), ranks: all.flatMap((list) => list.map((_, i) => i + 1)) };
}

/** Item ids of a text file, one a line. @throws AppError USAGE when it cannot be read or holds none */
export function readCandidates(path: string, option = '--candidates'): ReadonlySet<string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError(
      'USAGE',
      `${option}: expected a text file of item ids, one a line, found none that can be read at "${path}"`,
      {},
      cause,
    );
  }
  const ids = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (ids.length === 0) throw new AppError('USAGE', `${option}: expected item ids, one a line, got none`);
  return new Set(ids);
}
