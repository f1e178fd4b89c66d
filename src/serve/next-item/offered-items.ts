// Which items may be offered at all: a rule over what the catalogue says, lists of ids, one mask for everybody.
import { AppError } from '../../core/errors.ts';
import { type CategoryColumn, findColumn, type NumberColumn, type TextColumn } from '../../core/frame.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { minorPerMajor } from '../../core/money.ts';
import type { Expression } from '../../data/import/expression.ts';
import { type ReadCell, ruleFor } from '../rule.ts';

export interface OfferRules {
  /** Such as `category in ('Toys', 'Books') and price <= 20 and stock > 0`; money in whole currency units. */
  readonly where?: string;
  /** Only these ids: what is in stock, or a campaign. */
  readonly only?: ReadonlySet<string>;
  /** None of these. */
  readonly without?: ReadonlySet<string>;
}

type ItemColumn = NumberColumn | CategoryColumn | TextColumn;

/** Names shown of those there are. */
const SHOWN = 8;

/**
 * A mask, 1 for what may be offered: [items]. An item of which the catalogue does not say what the rule asks is not offered.
 *
 * @throws AppError USAGE for a rule that cannot be read, a column the catalogue does not have, a category none of its items
 *   has, or rules that leave nothing
 */
export function offeredItems(catalogue: ItemCatalogue, { where, only, without }: OfferRules): Uint8Array {
  const { itemIds } = catalogue;
  const holds = where === undefined ? undefined : itemRule(where, catalogue);
  const offered = new Uint8Array(itemIds.length);
  let count = 0;
  for (let item = 0; item < offered.length; item++) {
    if (only && !only.has(itemIds[item])) continue;
    if (without?.has(itemIds[item]) || (holds && !holds(item))) continue;
    offered[item] = 1;
    count++;
  }
  if (count > 0) return offered;
  throw new AppError(
    'USAGE',
    `expected at least one of ${itemIds.length} items to be left to offer, none is: loosen --filter, --candidates or --exclude`,
  );
}

function itemRule(rule: string, catalogue: ItemCatalogue): (item: number) => boolean {
  const { frame, itemIds } = catalogue;
  const columnOf = (name: string): ItemColumn | 'item' => {
    if (name === 'item') return 'item';
    const column = findColumn(frame, name);
    if (column && column.kind !== 'vector' && column.kind !== 'sequence') return column;
    const known = ['item', ...frame.columns.map((own) => own.name)];
    throw new AppError(
      'USAGE',
      frame.columns.length > 0
        ? `--filter: expected a column of the items (${shown(known, name)}), got "${name}"`
        : `--filter: expected a column of the items, got "${name}"; nothing is known of them: name a table with --items`,
    );
  };
  const read = (name: string): ReadCell => {
    const column = columnOf(name);
    return column === 'item' ? (item) => itemIds[item] : cellReader(column, frame.currency);
  };
  return ruleFor('--filter', rule, read, (left, right) => {
    checkText(columnOf, left, right);
    checkText(columnOf, right, left);
  });
}

function cellReader(column: ItemColumn, currency: string): ReadCell {
  if (column.kind === 'category') return (row) => column.levels[column.codes[row]] ?? null;
  if (column.kind === 'text') return (row) => column.values[row] || null;
  const { values } = column;
  const per = column.unit === 'money' ? minorPerMajor(currency) : 1;
  return (row) => (Number.isNaN(values[row]) ? null : values[row] / per);
}

/** A comparison with a text that no item has would leave out everything in silence, or nothing. */
function checkText(columnOf: (name: string) => ItemColumn | 'item', of: Expression, with_: Expression): void {
  if (of.kind !== 'column' || (with_.kind !== 'text' && with_.kind !== 'number')) return;
  const column = columnOf(of.name);
  if (column === 'item') return;
  const { value } = with_;
  if (column.kind === 'number' && with_.kind === 'text')
    throw new AppError('USAGE', `--filter: "${of.name}" holds numbers, got the text '${value}'`);
  if (column.kind === 'number') return;
  if (with_.kind === 'number')
    throw new AppError('USAGE', `--filter: "${of.name}" holds texts: write '${value}' in single quotes`);
  if (column.kind !== 'category' || column.levels.includes(value)) return;
  throw new AppError(
    'USAGE',
    `--filter: no item has '${value}' as its "${of.name}"; there are ${shown(column.levels, value)}`,
  );
}

/** Letters of a name that are compared: the work grows with their square, and a slip of the hand shows in them. */
const COMPARED = 40;

/** What may have been meant first. */
function shown(names: readonly string[], meant: string): string {
  const word = meant.toLowerCase().slice(0, COMPARED);
  const near = names
    .map((name, place) => ({ name, place, far: editDistance(name.toLowerCase().slice(0, COMPARED), word) }))
    .sort((a, b) => a.far - b.far || a.place - b.place)
    .slice(0, SHOWN)
    .map(({ name }) => name);
  return `${near.join(', ')}${names.length > SHOWN ? `, … (${names.length})` : ''}`;
}

/** Letters to change, add or drop (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length];
}
