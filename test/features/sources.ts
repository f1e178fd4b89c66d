// Event sources for tests: rows in a table, the bundled retail log, and CDNOW where it is at hand.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ZoneOffsets, zoneOffsets } from '../../src/core/time.ts';
import { type Engine, sqlText } from '../../src/data/engine.ts';
import { EVENT_COLUMNS, type EventRow } from '../../src/data/event.ts';
import type { EventSource } from '../../src/data/source.ts';
import { writeShop } from '../../src/data/synthetic/write-shop.ts';
import type { SimulatedShop } from '../../src/data/synthetic.ts';
import type { OracleItem } from './oracle.ts';

const literal = (value: unknown): string =>
  value === null || value === undefined
    ? 'NULL'
    : typeof value === 'number'
      ? String(value)
      : sqlText(String(value));

export interface TableOptions {
  readonly zone: ZoneOffsets;
  readonly items?: ReadonlyMap<string, OracleItem>;
  readonly table?: string;
}

/** Puts rows into a table of the engine. */
export async function tableSource(
  engine: Engine,
  events: readonly EventRow[],
  { zone, items, table = 'log' }: TableOptions,
): Promise<EventSource> {
  const columns = Object.entries(EVENT_COLUMNS);
  await engine.run(
    `CREATE OR REPLACE TABLE ${table} (${columns.map(([name, type]) => `"${name}" ${type}`).join(', ')})`,
  );
  for (let start = 0; start < events.length; start += 2000) {
    const rows = events
      .slice(start, start + 2000)
      .map((event) => `(${columns.map(([name]) => literal(event[name as keyof EventRow])).join(', ')})`);
    await engine.run(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
  }
  if (items) {
    const rows = [...items].map(
      ([id, { category, brand, price_minor }]) =>
        `(${[id, category, brand, price_minor].map(literal).join(', ')})`,
    );
    await engine.run(
      `CREATE OR REPLACE TABLE ${table}_items AS SELECT item_id::VARCHAR AS item_id, category::VARCHAR AS category, brand::VARCHAR AS brand, price_minor::BIGINT AS price_minor FROM (VALUES ${rows.join(', ')}) AS t(item_id, category, brand, price_minor)`,
    );
  }
  return describe(engine, table, { zone, items: items ? `${table}_items` : undefined, currency: 'EUR' });
}

export interface ShopTable {
  readonly source: EventSource;
  readonly items: ReadonlyMap<string, OracleItem>;
}

/** A simulated shop as Parquet files in `folder`. */
export async function shopSource(engine: Engine, shop: SimulatedShop, folder: string): Promise<ShopTable> {
  const written = await writeShop(shop, folder, { format: 'parquet' });
  const itemsTable = `read_parquet(${sqlText(written.items)})`;
  const rows = await engine.rows<{
    item_id: string;
    category: string | null;
    brand: string | null;
    price_minor: number | null;
  }>(`SELECT item_id, category, brand, price_minor FROM ${itemsTable}`);
  const source = await describe(engine, `read_parquet(${sqlText(written.events)})`, {
    zone: zoneOffsets('Asia/Shanghai'),
    items: itemsTable,
    currency: shop.currency,
  });
  return { source, items: new Map(rows.map((row) => [row.item_id, row])) };
}

const RETAIL = fileURLToPath(new URL('../../examples/online-retail/online-retail.csv.gz', import.meta.url));

/** UCI Online Retail as an event table: cancellations become refunds, lines without a customer stay out. */
export async function retailSource(engine: Engine): Promise<EventSource> {
  await engine.run(`CREATE OR REPLACE TABLE retail AS SELECT 'line ' || row_number() OVER () AS event_id,
    CASE WHEN InvoiceNo LIKE 'C%' THEN 'refund' ELSE 'purchase' END AS type, epoch_ms(InvoiceDate) AS timestamp,
    CustomerID AS user_id, NULL::VARCHAR AS anonymous_id, NULL::VARCHAR AS session_id, StockCode AS item_id,
    abs(Quantity)::DOUBLE AS quantity, round(abs(UnitPrice) * 100)::BIGINT AS price_minor, 'GBP' AS currency,
    InvoiceNo AS order_id, NULL::VARCHAR AS query, NULL::DOUBLE AS rating, NULL::VARCHAR AS text,
    NULL::VARCHAR AS device, NULL::VARCHAR AS channel, Country AS country, NULL::INTEGER AS position,
    NULL::VARCHAR AS props
    FROM read_csv(${sqlText(RETAIL)}, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'CustomerID': 'VARCHAR',
      'InvoiceDate': 'TIMESTAMP'}) WHERE CustomerID IS NOT NULL`);
  return describe(engine, 'retail', { zone: zoneOffsets('Europe/London'), currency: 'GBP' });
}

const CDNOW = fileURLToPath(
  new URL('../../../shared/data/cdnow_sample/CDNOW_sample.txt.gz', import.meta.url),
);

export const hasCdnow = existsSync(CDNOW);

/** The CDNOW sample: every purchase at midnight UTC of its date. */
export async function cdnowSource(engine: Engine): Promise<EventSource> {
  await engine.run(`CREATE OR REPLACE TABLE cdnow AS SELECT 'line ' || row_number() OVER () AS event_id, 'purchase' AS type,
    epoch_ms(strptime(part[3], '%Y%m%d')) AS timestamp, part[2] AS user_id, NULL::VARCHAR AS anonymous_id,
    NULL::VARCHAR AS session_id, NULL::VARCHAR AS item_id, 1.0::DOUBLE AS quantity,
    round(part[5]::DOUBLE * 100)::BIGINT AS price_minor, 'USD' AS currency, NULL::VARCHAR AS order_id,
    NULL::VARCHAR AS query, NULL::DOUBLE AS rating, NULL::VARCHAR AS text, NULL::VARCHAR AS device,
    NULL::VARCHAR AS channel, NULL::VARCHAR AS country, NULL::INTEGER AS position, NULL::VARCHAR AS props
    FROM (SELECT string_split_regex(trim(line), '\\s+') AS part FROM read_csv(${sqlText(CDNOW)}, header = false,
      delim = '|', columns = {'line': 'VARCHAR'}))`);
  return describe(engine, 'cdnow', { zone: zoneOffsets('UTC'), currency: 'USD' });
}

async function describe(
  engine: Engine,
  table: string,
  rest: { zone: ZoneOffsets; items?: string; currency: string },
): Promise<EventSource> {
  const [found] = await engine.rows<{ rows: number; first: number | null; last: number | null }>(
    `SELECT count(*) AS rows, min(timestamp) AS first, max(timestamp) AS last FROM ${table}`,
  );
  return {
    ...rest,
    events: table,
    firstMs: found.first ?? Number.NaN,
    lastMs: found.last ?? Number.NaN,
    rows: found.rows,
    fingerprint: table,
  };
}
