// Amazon Grocery reviews brought in through the front door as a shop's purchases, where the data set lies beside the checkout.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEngine } from '../../src/data/engine.ts';
import { importFiles } from '../../src/data/import/import-files.ts';
import { parseMapping } from '../../src/data/import/mapping.ts';
import { readSource } from '../../src/data/lake/read.ts';
import { createWorkspace, type Workspace } from '../../src/data/workspace.ts';
import type { AskedShop } from './shop-samples.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/data/grocery_rechorus/', import.meta.url));
const EVENTS = join(FOLDER, 'train.csv.gz');
const ITEMS = join(FOLDER, 'item_meta.csv.gz');

export const hasGrocery = existsSync(EVENTS) && existsSync(ITEMS);

const FILE = 'file: { format: csv, encoding: utf-8, separator: tab }';
const EVENTS_MAPPING = `kind: events
${FILE}
time: { format: unix_s }
columns:
  type: { constant: purchase }
  timestamp: time
  user_id: user_id
  item_id: item_id
`;
const ITEMS_MAPPING = `kind: items
${FILE}
columns:
  item_id: item_id
  category: i_category
`;

export interface GroceryShop extends AskedShop {
  readonly workspace: Workspace;
  close(): void;
}

/** A review stands for a purchase on its day; there are no prices. `close` removes everything. */
export async function groceryShop(threads: number): Promise<GroceryShop> {
  const dir = mkdtempSync(join(tmpdir(), 'grocery-'));
  const engine = await openEngine({ threads, memoryLimit: '2GB', tempDir: join(dir, 'spill') });
  const close = () => {
    engine.close();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    mkdirSync(join(dir, 'shop'));
    const workspace = createWorkspace(join(dir, 'shop'));
    await importFiles(workspace, [ITEMS], parseMapping(ITEMS_MAPPING, 'grocery items'), { threads });
    await importFiles(workspace, [EVENTS], parseMapping(EVENTS_MAPPING, 'grocery events'), { threads });
    return { workspace, engine, source: await readSource(workspace, engine), close };
  } catch (error) {
    close();
    throw error;
  }
}
