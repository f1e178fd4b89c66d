// A plan that has met more: what it knew keeps its rows and codes, what is new stands behind them.
import { AppError } from '../../../../core/errors.ts';
import { hash32 } from '../../../../core/random.ts';
import type { ItemAttributes, Sequences } from '../../../../core/sequences.ts';
import { columnsOf, ITEMS_A_SHARED_ROW, logShares, type TokenPlan, UNKNOWN_ROW } from '../events/tokens.ts';
import { liftedPlan } from '../fusion/lift-new-items.ts';
import { fedVectors } from '../fusion/plan-vectors.ts';

/** What a plan is grown by. */
export interface KnownNow {
  /** Everything known now, old and new; marks keep the codes they had. */
  readonly sequences: Sequences;
  /** Items with a row of their own at most; of those beyond, four share one. */
  readonly ownRows: number;
  /** What is known of the items now; levels known before stand first, in their old order. */
  readonly attributes?: ItemAttributes;
}

export interface GrownPlan {
  readonly plan: TokenPlan;
  /** Which row of the old item table each row was, −1 for a new one: [plan.rows] */
  readonly wasRow: Int32Array;
}

/**
 * The plan for the catalogue as it is now. Items are known again by their ids, whatever their codes; an item that no event
 * names any more keeps its row for the day it is back.
 *
 * @throws AppError BAD_DATA where something the old plan read is not there any more
 */
export function growPlan(old: TokenPlan, { sequences, ownRows, attributes }: KnownNow): GrownPlan {
  const { itemIds, items } = sequences;
  const counts = new Int32Array(itemIds.length);
  for (const item of items) if (item >= 0) counts[item]++;
  const hidden = old.masked ? 1 : 0;
  const kept = old.rows - hidden;
  const { rowOf, fresh } = grownRows(old, { itemIds, counts, kept, room: Math.max(0, ownRows - kept + 1) });
  const rows = kept + fresh + hidden;
  const wasRow = Int32Array.from({ length: rows }, (_, row) => (row < kept ? row : -1));
  if (hidden) wasRow[rows - 1] = old.rows - 1;
  const plan: TokenPlan = {
    ...{ itemIds, counts, rowOf, rows, masked: old.masked },
    logShare: logShares(rowOf, rows, counts),
    typeLevels: grownTypes(old, sequences),
    timed: needTimes(old, sequences),
    columns: grownColumns(old, attributes),
    vectors: grownVectors(old, attributes, itemIds.length),
    marks: grownMarks(old, sequences),
  };
  return { wasRow, plan: old.lift === undefined ? plan : liftedPlan(plan, old.lift) };
}

interface NewItems {
  readonly itemIds: readonly string[];
  readonly counts: Int32Array;
  /** Rows there are already, the unknown one first. */
  readonly kept: number;
  /** Rows of their own there may still be. */
  readonly room: number;
}

function grownRows(old: TokenPlan, { itemIds, counts, kept, room }: NewItems) {
  const known = new Map(old.itemIds.map((id, item) => [id, old.rowOf[item]]));
  const rowOf = Int32Array.from(itemIds, (id) => known.get(id) ?? UNKNOWN_ROW);
  const met = Int32Array.from(counts.keys()).filter(
    (item) => counts[item] > 0 && rowOf[item] === UNKNOWN_ROW,
  );
  const ranked = met.length > room ? met.slice().sort((a, b) => counts[b] - counts[a] || a - b) : met;
  const owners = ranked.subarray(0, room).slice().sort();
  const sharers = ranked.subarray(room);
  const shared = Math.ceil(sharers.length / ITEMS_A_SHARED_ROW);
  owners.forEach((item, i) => {
    rowOf[item] = kept + i;
  });
  for (const item of sharers) rowOf[item] = kept + owners.length + (hash32(itemIds[item]) % shared);
  return { rowOf, fresh: owners.length + shared };
}

/** A plan that told no kinds apart goes on so. */
function grownTypes(
  { typeLevels }: TokenPlan,
  { types, typeLevels: now = [] }: Sequences,
): readonly string[] {
  if (typeLevels.length === 0) return typeLevels;
  if (!types) throw missing('kinds of events');
  return [...typeLevels, ...now.filter((level) => !typeLevels.includes(level))];
}

function needTimes({ timed }: TokenPlan, { timesMs }: Sequences): boolean {
  if (timed && !timesMs) throw missing('moments of events');
  return timed;
}

function grownColumns({ columns }: TokenPlan, attributes: ItemAttributes | undefined): TokenPlan['columns'] {
  if (columns.length === 0) return columns;
  if (!attributes) throw missing('the table of items');
  const now = columnsOf(attributes);
  return columns.map(({ name, levels }) => {
    const same = now.find((column) => column.name === name);
    if (!same || same.levels < levels) throw missing(`"${name}" of the items`);
    return same;
  });
}

function grownVectors(
  { vectors }: TokenPlan,
  attributes: ItemAttributes | undefined,
  items: number,
): TokenPlan['vectors'] {
  return vectors.map((own) => {
    if (!attributes?.vectors?.some(({ name }) => name === own.name))
      throw missing(`"${own.name}" vectors of the items`);
    return { ...own, values: fedVectors(own, attributes.vectors, items) };
  });
}

function grownMarks({ marks }: TokenPlan, sequences: Sequences): TokenPlan['marks'] {
  return marks.map(({ name, levels }) => {
    const now = sequences.marks?.find((mark) => mark.name === name);
    return { name, levels: Math.max(levels, now?.levels ?? 0) };
  });
}

const missing = (what: string): AppError =>
  new AppError(
    'BAD_DATA',
    `expected ${what}, which the model to continue has learned from: give it again, or fit afresh`,
  );
