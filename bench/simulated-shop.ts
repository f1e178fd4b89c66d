// A simulated shop brought in through the front door: written as CSV, imported into a lake, read back as a source.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, openEngine } from '../src/data/engine.ts';
import { EVENT_COLUMNS, ITEM_COLUMNS } from '../src/data/event.ts';
import { type ImportReport, importFiles } from '../src/data/import/import-files.ts';
import { parseMapping } from '../src/data/import/mapping.ts';
import { readSource } from '../src/data/lake/read.ts';
import type { EventSource } from '../src/data/source.ts';
import { writeShop } from '../src/data/synthetic/write-shop.ts';
import type { SimulatedShop } from '../src/data/synthetic.ts';
import { createWorkspace, type Workspace } from '../src/data/workspace.ts';

export interface ShopInLake {
  readonly shop: SimulatedShop;
  readonly workspace: Workspace;
  readonly engine: Engine;
  readonly source: EventSource;
  readonly simulateSeconds: number;
  readonly imported: ImportReport;
  close(): void;
}

/** A column for each of the lake's own, under the same name; `props` and `attributes` are the mapping's business. */
const asTheyAre = (columns: readonly string[]): string =>
  columns
    .filter((column) => column !== 'props' && column !== 'attributes')
    .map((column) => `  ${column}: ${column}`)
    .join('\n');

const CSV = 'file: { format: csv, encoding: utf-8, separator: "," }\ntime: { format: unix_ms }';

export const EVENTS_MAPPING = `kind: events\n${CSV}\ncolumns:\n${asTheyAre(Object.keys(EVENT_COLUMNS))}\n`;
export const ITEMS_MAPPING = `kind: items\n${CSV}\ncolumns:\n${asTheyAre(Object.keys(ITEM_COLUMNS))}\n`;

/** Writes, imports and opens; `close` removes everything. */
export async function shopInLake(
  shop: SimulatedShop,
  { threads, log }: { threads: number; log: (line: string) => void },
): Promise<ShopInLake> {
  const dir = mkdtempSync(join(tmpdir(), 'simulated-'));
  try {
    const startedMs = performance.now();
    const files = await writeShop(shop, join(dir, 'files'), { format: 'csv' });
    const simulateSeconds = (performance.now() - startedMs) / 1000;
    log(`${shop.options.scenario}: ${files.rows} events written in ${simulateSeconds.toFixed(1)} s`);
    mkdirSync(join(dir, 'shop'));
    const workspace = createWorkspace(join(dir, 'shop'));
    await importFiles(workspace, [files.items], parseMapping(ITEMS_MAPPING, 'items'), { threads });
    const imported = await importFiles(workspace, [files.events], parseMapping(EVENTS_MAPPING, 'events'), {
      threads,
    });
    log(`imported in ${imported.seconds.toFixed(1)} s`);
    rmSync(join(dir, 'files'), { recursive: true });
    const engine = await openEngine({ threads, memoryLimit: '2GB', tempDir: join(dir, 'spill') });
    return {
      shop,
      workspace,
      engine,
      source: await readSource(workspace, engine),
      simulateSeconds,
      imported,
      close() {
        engine.close();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

/** The number of the user an id stands for. */
export const userNumber = (id: string): number => Number(id.slice(1)) - 1;
