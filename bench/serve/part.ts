// What the parts of the serving benchmark share: the words after its name, a folder of their own, and what they give back.
import type { BenchOptions, BenchReport } from '../bench.ts';
import type { ServedShop } from './served-shop.ts';

export type Part = Pick<BenchReport, 'targets' | 'figures'>;

export interface ServeWork extends BenchOptions {
  /** Empty, of this part alone, removed when it has run. */
  readonly folder: string;
  /** The value of a word such as `seconds=300`. */
  number(word: string, absent: number): number;
  /** The values of a word such as `kinds=lists,batches`. */
  list(word: string, absent: readonly string[]): readonly string[];
  /** Made when first asked for, the same for all parts of a run. */
  servedShop(): Promise<ServedShop>;
  /** Further arguments of the command. */
  readonly serveArgs: readonly string[];
  /** Arguments of node for the server, such as those that profile it. */
  readonly nodeArgs: readonly string[];
}

export const rounded = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;
