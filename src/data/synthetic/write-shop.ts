// A simulated shop as files on disk: events, items and users in CSV, NDJSON or Parquet.
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { openEngine, sqlText } from '../engine.ts';
import { EVENT_COLUMNS, ITEM_COLUMNS, USER_COLUMNS } from '../event.ts';
import type { SimulatedShop } from '../synthetic.ts';
import { CSV_HEADER, csvEncoder } from './csv.ts';
import { itemRow, userRow } from './tables.ts';

export type ShopFormat = 'csv' | 'ndjson' | 'parquet';

export interface WriteShopOptions {
  readonly format: ShopFormat;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Paths of the files, and how many events they hold. */
export interface WrittenShop {
  readonly events: string;
  readonly items: string;
  readonly users: string;
  readonly rows: number;
}

/**
 * Writes `events`, `items` and `users` into a folder, with the columns of `event.ts`; nothing of the truth is written.
 * CSV is written directly (several 100,000 events a second, flat memory); the other formats are made from it by the engine.
 */
export async function writeShop(
  shop: SimulatedShop,
  folder: string,
  options: WriteShopOptions,
): Promise<WrittenShop> {
  const { format } = options;
  await mkdir(folder, { recursive: true });
  const csv = (name: string) => join(folder, `${name}.csv`);
  const rows = await writeEvents(shop, csv('events'), options);
  const { world, customer, currency } = shop;
  const { items, customers } = shop.options;
  await writeRows(csv('items'), Object.keys(ITEM_COLUMNS), items, (i) => itemRow(world, i, currency));
  await writeRows(csv('users'), Object.keys(USER_COLUMNS), customers, (i) => userRow(world, customer(i)));
  if (format !== 'csv') {
    await convert(folder, 'events', EVENT_COLUMNS, options);
    await convert(folder, 'items', ITEM_COLUMNS, options);
    await convert(folder, 'users', USER_COLUMNS, options);
  }
  const path = (name: string) => join(folder, `${name}.${format}`);
  return { events: path('events'), items: path('items'), users: path('users'), rows };
}

async function writeEvents(shop: SimulatedShop, file: string, options: WriteShopOptions): Promise<number> {
  const { progress = silent, signal } = options;
  const encoder = csvEncoder(shop.currency);
  const handle = await open(file, 'w');
  let rows = 0;
  try {
    await handle.write(CSV_HEADER);
    for (const batch of shop.events()) {
      throwIfAborted(signal);
      for (const piece of encoder.encode(batch)) await writeAll(handle, piece);
      rows += batch.rows;
      progress.step({
        task: 'simulating events',
        done: batch.owner[batch.rows - 1] + 1,
        total: shop.options.customers,
        unit: 'customers',
      });
    }
  } finally {
    await handle.close();
  }
  return rows;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at)).bytesWritten;
  }
}

async function writeRows(
  file: string,
  columns: readonly string[],
  count: number,
  row: (index: number) => Readonly<Record<string, string | number | null>>,
): Promise<void> {
  const handle = await open(file, 'w');
  try {
    let lines = `${columns.join(',')}\n`;
    for (let i = 0; i < count; i++) {
      const values = row(i);
      lines += `${columns.map((column) => csvCell(values[column])).join(',')}\n`;
      if (lines.length < 1 << 20) continue;
      await writeAll(handle, Buffer.from(lines));
      lines = '';
    }
    await writeAll(handle, Buffer.from(lines));
  } finally {
    await handle.close();
  }
}

const csvCell = (value: string | number | null): string =>
  typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : value === null ? '' : String(value);

/** Rewrites `name.csv` as `name.FORMAT` with the columns' own types, then removes the CSV. */
async function convert(
  folder: string,
  name: string,
  columns: Readonly<Record<string, string>>,
  { format, signal }: WriteShopOptions,
): Promise<void> {
  const from = join(folder, `${name}.csv`);
  const types = Object.entries(columns).map(([column, type]) => `${sqlText(column)}: ${sqlText(type)}`);
  const written = format === 'parquet' ? 'FORMAT parquet, COMPRESSION zstd' : 'FORMAT json';
  const engine = await openEngine({ tempDir: join(folder, 'spill') });
  try {
    await engine.run(
      `COPY (SELECT * FROM read_csv(${sqlText(from)}, header = true, columns = {${types.join(', ')}}))
       TO ${sqlText(join(folder, `${name}.${format}`))} (${written})`,
      signal,
    );
  } finally {
    engine.close();
  }
  await rm(from);
  await rm(join(folder, 'spill'), { recursive: true, force: true });
}
