// Options of lists of what comes next, as they are typed, the same for a folder of histories and for a shop.
import type { Command } from 'commander';
import { AppError } from '../core/errors.ts';
import { needFile } from '../data/sequences/text-lines.ts';
import { checkTablePath } from '../data/table/write-table.ts';
import { readCandidates } from '../serve/item-lists.ts';
import {
  DIVERSE_BY,
  type DiverseBy,
  type OfferQuestion,
  OWN_ITEMS,
  type OwnItems,
} from '../serve/next-item/offer-items.ts';

/** Options that only lists of what comes next have. */
export const withOfferOptions = (command: Command): Command =>
  command
    .option('--items <file>', 'a table of the items: titles, what rules speak of, new items')
    .option(
      '--filter <rule>',
      "only items for which the rule holds: any column of the items, such as category in ('Toys', 'Books') and stock > 0",
    )
    .option('--exclude <file>', 'never the items of a text file, one id a line')
    .option('--diversity <share>', 'from 0, the best, to 1, the least alike')
    .option(
      '--long-tail <share>',
      'from 0, as the model says, to 1: what many take is placed lower, so that rare items are found more often',
    )
    .option(
      '--diverse-by <what>',
      'attributes of the items, or histories: who takes both (default: attributes where they are known)',
    );

/** Names of those options as commander keeps them. */
export const OFFER_OPTIONS = ['items', 'filter', 'exclude', 'diversity', 'diverseBy', 'longTail'] as const;

const DEFAULT_TOP = 10;

type Offer = Pick<OfferQuestion, 'rules' | 'excludeSeen' | 'top' | 'diversity' | 'diverseBy' | 'longTail'>;

/** @throws AppError USAGE, NOT_FOUND for a file that is not there */
export function offerOf(options: Record<string, unknown>): Offer & { readonly itemsFile?: string } {
  const { filter, candidates, exclude, items, diversity, longTail } = options;
  if (items !== undefined) needFile(String(items));
  if (options.out !== undefined) checkTablePath(String(options.out));
  return {
    rules: {
      ...(filter !== undefined && { where: String(filter) }),
      ...(candidates !== undefined && { only: readCandidates(String(candidates)) }),
      ...(exclude !== undefined && { without: readCandidates(String(exclude), '--exclude') }),
    },
    ...(options.excludeSeen !== undefined && { excludeSeen: ownItemsOf(options.excludeSeen) }),
    top: options.top === undefined ? DEFAULT_TOP : Number(options.top),
    ...(diversity !== undefined && { diversity: shareOf('--diversity', String(diversity)) }),
    ...(longTail !== undefined && { longTail: shareOf('--long-tail', String(longTail)) }),
    ...(options.diverseBy !== undefined && { diverseBy: diverseByOf(String(options.diverseBy)) }),
    ...(items !== undefined && { itemsFile: String(items) }),
  };
}

/** Of `--exclude-seen`, without a word `yes`. @throws AppError USAGE */
export function ownItemsOf(typed: unknown): OwnItems {
  const text = typed === true ? 'yes' : String(typed);
  const way = OWN_ITEMS.find((own) => own === text);
  if (way) return way;
  throw new AppError('USAGE', `--exclude-seen: expected ${OWN_ITEMS.join(', ')}, got "${text}"`);
}

function shareOf(flag: string, text: string): number {
  const share = text.trim() === '' ? Number.NaN : Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new AppError('USAGE', `${flag}: expected a number from 0 to 1, got "${text}"`);
}

function diverseByOf(text: string): DiverseBy {
  const by = DIVERSE_BY.find((own) => own === text);
  if (by) return by;
  throw new AppError('USAGE', `--diverse-by: expected ${DIVERSE_BY.join(' or ')}, got "${text}"`);
}
