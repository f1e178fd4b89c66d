// What a shop may offer and what is known of it, from a table with a row an item or from the shop's own catalogue.
import { type Column, cellTexts, type Frame, findColumn, makeFrame } from '../../core/frame.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { name } from '../../core/name.ts';
import type { Engine } from '../engine.ts';
import type { EventSource } from '../source.ts';
import type { TableColumn } from '../table/column-kind.ts';
import { inferColumns } from '../table/infer-columns.ts';
import { openTable, type TableSource } from '../table/open-table.ts';
import { readColumns } from '../table/read-columns.ts';
import { itemIdColumn } from './read-items.ts';

const TITLE = /^(item[_ ]?|product[_ ]?)?(title|name)$|^(商品)?(标题|名称)$/i;
/** Besides them a description serves where there is no better one. */
const DESCRIPTION = /^(item[_ ]?|product[_ ]?)?description$|^(商品)?描述$/i;

/**
 * Every row of a table of items: those of the model in its order, then the others in the file's. Of an item named twice the first
 * row counts. Columns are numbers, truths as 1 and 0, or texts; what the table calls a title is shown beside an id.
 *
 * @param itemIds the model's
 * @throws AppError NOT_FOUND, BAD_FILE
 */
export async function readCatalogue(
  engine: Engine,
  path: string,
  itemIds: readonly string[],
  { scratch, signal }: { readonly scratch: string; readonly signal?: AbortSignal },
): Promise<ItemCatalogue> {
  const source = await openTable(engine, path, { scratch, as: 'catalogue_table', signal });
  const id = itemIdColumn(source.columns);
  const asked = { [id]: 'text' };
  const inferred = await inferColumns(engine, source, { asked, signal });
  // What tells rows apart, or is the same everywhere, may still be asked for: a price of its own, a stock of five.
  const isOpen = ({ kind }: TableColumn): boolean => kind === 'id' || kind === 'constant';
  const numbers = await numericColumns(engine, source, inferred.filter(isOpen), signal);
  const columns = inferred.map(
    (column): TableColumn =>
      isOpen(column) ? { ...column, kind: numbers.has(column.name) ? 'number' : 'category' } : column,
  );
  const frame = await readColumns(
    engine,
    source,
    columns.filter(({ kind }) => kind !== 'empty'),
    signal,
  );
  const ids = cellTexts(findColumn(frame, id), frame.rows);
  const title =
    frame.columns.find((column) => TITLE.test(column.name)) ??
    frame.columns.find((column) => DESCRIPTION.test(column.name));
  return aligned(itemIds, ids, {
    frame: { ...frame, columns: frame.columns.filter((column) => column.name !== id) },
    ...(title && { titles: cellTexts(title, frame.rows) }),
  });
}

/** Columns whose every cell is written as a number is, without a zero in front as codes have. */
async function numericColumns(
  engine: Engine,
  { table, columns }: TableSource,
  asked: readonly TableColumn[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  if (asked.length === 0) return new Set();
  const other = asked.map(
    (column, i) =>
      `CAST(count(*) FILTER (NOT regexp_full_match(c${columns.indexOf(column.name)}, '[-+]?(0|[1-9][0-9]*)([.][0-9]+)?')) AS DOUBLE) AS n${i}`,
  );
  const [counts] = await engine.rows<Record<string, number>>(
    `SELECT ${other.join(', ')} FROM ${table}`,
    signal,
  );
  return new Set(asked.flatMap(({ name: own }, i) => (counts[`n${i}`] === 0 ? [own] : [])));
}

/**
 * The catalogue of a workspace as of a moment: category, brand, price, title, and `available`, 1 where it is on offer then.
 * Without one, the model's items of which nothing is known.
 */
export async function lakeCatalogue(
  engine: Engine,
  { items, currency }: Pick<EventSource, 'items' | 'currency'>,
  itemIds: readonly string[],
  { asOf, signal }: { readonly asOf: number; readonly signal?: AbortSignal },
): Promise<ItemCatalogue> {
  if (items === undefined)
    return { itemIds, known: itemIds.length, frame: makeFrame([], { rows: itemIds.length }) };
  const texts: Record<'id' | 'title' | 'category' | 'brand', string[]> = {
    ...{ id: [], title: [], category: [], brand: [] },
  };
  const prices: number[] = [];
  const available: number[] = [];
  await engine.stream(
    `SELECT item_id, coalesce(min(title), ''), coalesce(min(category), ''), coalesce(min(brand), ''),
       coalesce(CAST(min(price_minor) AS DOUBLE), 'NaN'::DOUBLE),
       CAST(max(CASE WHEN coalesce(available_from, ${asOf}) <= ${asOf} AND coalesce(available_to, ${asOf}) >= ${asOf} THEN 1 ELSE 0 END) AS DOUBLE)
     FROM ${items} WHERE item_id IS NOT NULL GROUP BY item_id ORDER BY item_id`,
    (columns, count) => {
      for (let row = 0; row < count; row++) {
        texts.id.push(columns[0][row] as string);
        texts.title.push(columns[1][row] as string);
        texts.category.push(columns[2][row] as string);
        texts.brand.push(columns[3][row] as string);
        prices.push(columns[4][row] as number);
        available.push(columns[5][row] as number);
      }
    },
    signal,
  );
  const kinds = (['category', 'brand'] as const).filter((kind) => texts[kind].some((text) => text !== ''));
  const frame = makeFrame(
    [
      ...kinds.map((kind) => categoryColumn(kind, texts[kind])),
      numberOf('price', prices, 'money'),
      numberOf('available', available, 'none'),
    ],
    { rows: texts.id.length, currency },
  );
  return aligned(itemIds, texts.id, {
    frame,
    ...(texts.title.some((text) => text !== '') && { titles: texts.title }),
  });
}

const numberOf = (key: string, values: readonly number[], unit: 'money' | 'none'): Column => ({
  ...{ name: key, label: name(key, key), unit, group: key, kind: 'number' },
  values: Float64Array.from(values),
});

function categoryColumn(key: string, texts: readonly string[]): Column {
  const levels = new Map<string, number>();
  const codes = Int32Array.from(texts, (text) => {
    if (text === '') return -1;
    if (!levels.has(text)) levels.set(text, levels.size);
    return levels.get(text) as number;
  });
  return {
    ...{ name: key, label: name(key, key), unit: 'none', group: key, kind: 'category' },
    ...{ codes, levels: [...levels.keys()] },
  };
}

/** Rows of a table put in the order of the model's items, those it does not know after them. */
function aligned(
  itemIds: readonly string[],
  ids: readonly string[],
  { frame, titles }: { readonly frame: Frame; readonly titles?: readonly string[] },
): ItemCatalogue {
  const rowOf = new Map<string, number>();
  ids.forEach((id, row) => {
    if (id !== '' && !rowOf.has(id)) rowOf.set(id, row);
  });
  const model = new Set(itemIds);
  const all = [...itemIds, ...[...rowOf.keys()].filter((id) => !model.has(id))];
  const rows = Int32Array.from(all, (id) => rowOf.get(id) ?? -1);
  return {
    itemIds: all,
    known: itemIds.length,
    frame: makeFrame(
      frame.columns.map((column) => columnAt(column, rows)),
      { rows: all.length, currency: frame.currency },
    ),
    ...(titles && { titles: Array.from(rows, (row) => (row < 0 ? '' : titles[row])) }),
  };
}

/** Cells of some rows, missing for −1. */
function columnAt(column: Column, rows: Int32Array): Column {
  switch (column.kind) {
    case 'number':
      return {
        ...column,
        values: Float64Array.from(rows, (row) => (row < 0 ? Number.NaN : column.values[row])),
      };
    case 'category':
      return { ...column, codes: rows.map((row) => (row < 0 ? -1 : column.codes[row])) };
    case 'text':
      return { ...column, values: Array.from(rows, (row) => (row < 0 ? '' : column.values[row])) };
    default:
      return column;
  }
}

/** One catalogue with the columns of both and the items of either; of a column both have, the second's cells go first. */
export function joinCatalogues(first: ItemCatalogue, second: ItemCatalogue): ItemCatalogue {
  const itemIds = first.itemIds.slice(0, first.known);
  const rest = new Set([...first.itemIds.slice(first.known), ...second.itemIds.slice(second.known)]);
  const all = [...itemIds, ...rest];
  const columnsOf = ({ itemIds: ids, frame }: ItemCatalogue): readonly Column[] => {
    const rowOf = new Map(ids.map((id, row) => [id, row]));
    const rows = Int32Array.from(all, (id) => rowOf.get(id) ?? -1);
    return frame.columns.map((column) => columnAt(column, rows));
  };
  const [under, over] = [columnsOf(first), columnsOf(second)];
  const places = new Map(all.map((id, row) => [id, row]));
  const titles = all.map(() => '');
  for (const { itemIds: ids, titles: own } of [first, second])
    own?.forEach((title, row) => {
      if (title !== '') titles[places.get(ids[row]) as number] = title;
    });
  return {
    itemIds: all,
    known: itemIds.length,
    frame: makeFrame(
      [
        ...under.filter(({ name: own }) => over.every((column) => column.name !== own)),
        ...over.map((column) =>
          filledFrom(
            column,
            under.find((own) => own.name === column.name),
          ),
        ),
      ],
      { rows: all.length, currency: first.frame.currency || second.frame.currency },
    ),
    ...((first.titles || second.titles) && { titles }),
  };
}

/** Cells that are missing, taken from a column of the same kind and unit. */
function filledFrom(column: Column, other: Column | undefined): Column {
  if (column.kind === 'number' && other?.kind === 'number' && column.unit === other.unit)
    return {
      ...column,
      values: column.values.map((value, row) => (Number.isNaN(value) ? other.values[row] : value)),
    };
  if (column.kind !== 'category' || other?.kind !== 'category') return column;
  const textAt = (row: number): string =>
    column.levels[column.codes[row]] ?? other.levels[other.codes[row]] ?? '';
  return categoryColumn(
    column.name,
    Array.from(column.codes, (_, row) => textAt(row)),
  );
}
