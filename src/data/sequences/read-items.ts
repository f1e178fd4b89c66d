// What is known of the items of sequences, from a table with a row an item: categories and a price, in the catalogue's order.
import type { ItemAttributes } from '../../core/sequences.ts';
import { type Engine, sqlText } from '../engine.ts';
import { numberSql } from '../table/infer-columns.ts';
import { openTable, type TableSource } from '../table/open-table.ts';

export interface ItemFile {
  /** Its name without folders. */
  readonly file: string;
  readonly attributes: ItemAttributes;
  /** Column that names the item. */
  readonly id: string;
  /** Items of the catalogue that the table knows. */
  readonly known: number;
  /** Columns not read: too many different values, or texts. */
  readonly left: readonly string[];
}

const ID =
  /^(item|product|sku|asin|article|goods|movie)?[_ ]?(id|sku|asin|item|product|no|code|编号)?(:token)?$/i;
const PRICE = /^(unit[_ ]?)?price(_minor)?$|^(单价|价格|售价)$/i;
const TEXT = /^(item[_ ]?|product[_ ]?)?(title|name|description|image|url|text)$|标题|名称|描述/i;
const CATEGORY = /categor|brand|class|genre|type|depart|colou?r|size|material|类|品牌|颜色/i;

/** A column of codes with more levels than a share of the items tells them apart instead of together. */
const MOST_LEVELS_SHARE = 0.25;
const MOST_LEVELS = 5000;

/**
 * The id is the first column that is called so, else the first column. A price is in major units unless its name ends in
 * `_minor`. Other columns are categories where their values repeat. Of an item named twice the first row counts.
 *
 * @param itemIds the catalogue: row i of what comes back belongs to itemIds[i]
 * @throws AppError NOT_FOUND, BAD_FILE
 */
export async function readItems(
  engine: Engine,
  path: string,
  itemIds: readonly string[],
  { scratch, signal }: { scratch: string; signal?: AbortSignal },
): Promise<ItemFile> {
  const source = await openTable(engine, path, { scratch, as: 'item_table', signal });
  const id = itemIdColumn(source.columns);
  const price = source.columns.find((column) => PRICE.test(column));
  const kinds = await categoryColumns(engine, source, [id, price]);
  const codes = new Map(itemIds.map((item, code) => [item, code]));
  const columns = kinds.map(() => ({
    codes: new Int32Array(itemIds.length).fill(-1),
    levels: new Map<string, number>(),
  }));
  const priceMinor = price === undefined ? undefined : new Float64Array(itemIds.length).fill(Number.NaN);
  const met = new Uint8Array(itemIds.length);
  const cell = (column: string) => `c${source.columns.indexOf(column)}`;
  const factor = price?.toLowerCase().endsWith('_minor') ? 1 : 100;
  await engine.stream(
    `SELECT coalesce(${cell(id)}, ''), ${price === undefined ? "'NaN'::DOUBLE" : `coalesce(round(${numberSql(cell(price), '.')} * ${factor}), 'NaN'::DOUBLE)`}${kinds.map((kind) => `, coalesce(${cell(kind)}, '')`).join('')} FROM item_table`,
    (chunk, rows) => {
      for (let row = 0; row < rows; row++) {
        const code = codes.get(chunk[0][row] as string);
        if (code === undefined || met[code] === 1) continue;
        met[code] = 1;
        if (priceMinor) priceMinor[code] = chunk[1][row] as number;
        columns.forEach((column, k) => {
          const level = chunk[2 + k][row] as string;
          if (level === '') return;
          if (!column.levels.has(level)) column.levels.set(Buffer.from(level).toString(), column.levels.size);
          column.codes[code] = column.levels.get(level) as number;
        });
      }
    },
    signal,
  );
  return {
    file: source.file,
    attributes: {
      categories: Object.fromEntries(
        kinds.map((kind, k) => [kind, { codes: columns[k].codes, levels: [...columns[k].levels.keys()] }]),
      ),
      ...(priceMinor && { priceMinor }),
    },
    id,
    known: met.reduce((sum, one) => sum + one, 0),
    left: source.columns.filter((column) => column !== id && column !== price && !kinds.includes(column)),
  };
}

/** The column that names the item: the first that is called so, else the first. */
export const itemIdColumn = (columns: readonly string[]): string =>
  columns.find((column) => column !== '' && ID.test(column)) ?? columns[0];

async function categoryColumns(
  engine: Engine,
  source: TableSource,
  taken: readonly (string | undefined)[],
): Promise<readonly string[]> {
  const likely = source.columns.filter((column) => !taken.includes(column) && !TEXT.test(column));
  if (likely.length === 0) return [];
  const counts = await engine.rows<{ column: string; levels: number }>(
    likely
      .map(
        (column) =>
          `SELECT ${sqlText(column)} AS column, count(DISTINCT c${source.columns.indexOf(column)}) AS levels FROM item_table`,
      )
      .join(' UNION ALL '),
  );
  const most = Math.min(MOST_LEVELS, Math.max(2, source.rows * MOST_LEVELS_SHARE));
  return counts
    .filter(
      ({ column, levels }) =>
        levels >= 2 && (levels <= most || (CATEGORY.test(column) && levels < source.rows)),
    )
    .map(({ column }) => column);
}
