// A shop to ask things of: 100,000 items, customers with 50 events each, a purchase model of trees and a transformer of items.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silent } from '../../src/core/progress.ts';
import { type Random, random } from '../../src/core/random.ts';
import { takeSequences } from '../../src/core/sequences.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { importFiles } from '../../src/data/import/import-files.ts';
import { parseMapping } from '../../src/data/import/mapping.ts';
import { withLake } from '../../src/data/lake/open.ts';
import { lakeSequences } from '../../src/data/sequences/lake-sequences.ts';
import { createWorkspace, type Workspace, workspacePaths } from '../../src/data/workspace.ts';
import { recommenderById } from '../../src/models/sequence/catalogue.ts';
import { promote } from '../../src/registry/promotion.ts';
import { saveVersion } from '../../src/registry/save.ts';
import { SEQUENCE_FOLDER, sequenceBundleFiles } from '../../src/registry/sequence-bundle.ts';
import { PERSON } from './requests.ts';
import { runCommand } from './server-process.ts';

export interface ServedShop {
  readonly dir: string;
  readonly users: number;
  readonly items: number;
}

export interface ShopSize {
  readonly users: number;
  readonly items: number;
  readonly threads: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

/** As `requests.ts` writes a person's number. */
export const userId = (user: number): string => `user-${String(user).padStart(PERSON.length, '0')}`;

const EVENTS_EACH = 50;
const DAYS = 150;
/** Sequences the transformer reads once: only speed is asked of it, so it need not have learned much. */
const READ = 256;

/** Written last, so that a folder with it holds a whole shop. */
const MADE = 'made.json';

const MAPPING = `kind: events
file: { format: csv, encoding: utf-8, separator: "," }
time: { format: unix_ms }
columns:
  event_id: event_id
  type: type
  timestamp: timestamp
  user_id: user_id
  session_id: session_id
  item_id: item_id
  order_id: order_id
  quantity: quantity
  price: price
  currency: { constant: EUR }
`;

/** Imports what is made up and trains on it, in an empty folder; or takes the shop that an earlier run made there. */
export async function makeServedShop(dir: string, size: ShopSize): Promise<ServedShop> {
  const { users, items, threads, seed, log } = size;
  if (existsSync(join(dir, MADE))) return JSON.parse(readFileSync(join(dir, MADE), 'utf8')) as ServedShop;
  const workspace = createWorkspace(dir, { currency: 'EUR' });
  const csv = join(dir, 'events.csv');
  writeFileSync(csv, [...eventLines(size, random(seed))].join('\n'));
  await importFiles(workspace, [csv], parseMapping(MAPPING, 'events'), { threads });
  log(`${users * EVENTS_EACH} events of ${items} items imported`);
  await saveTransformer(workspace, size);
  log('a transformer of the items saved');
  runCommand(
    'train',
    'purchase',
    '--model',
    'gbdt',
    '--horizon',
    '30d',
    '--workspace',
    dir,
    '--threads',
    String(threads),
    '--json',
  );
  log('a model of purchases trained');
  const shop = { dir, users, items };
  writeFileSync(join(dir, MADE), JSON.stringify(shop));
  return shop;
}

/** Visits of five events; one in four ends in a purchase. Each item is seen at least once. */
function* eventLines({ users, items }: ShopSize, draw: Random): Generator<string> {
  yield 'event_id,type,timestamp,user_id,session_id,item_id,order_id,quantity,price';
  const end = Date.now() - DAY_MS;
  let event = 0;
  for (let user = 0; user < users; user++) {
    const visits = Array.from({ length: EVENTS_EACH / 5 }, () =>
      Math.floor(draw.uniform() * DAYS * DAY_MS),
    ).sort((a, b) => b - a);
    for (const [visit, before] of visits.entries()) {
      const isPurchase = draw.uniform() < 0.25;
      for (let step = 0; step < 5; step++, event++) {
        const item = event < items ? event : Math.floor(items * draw.uniform() ** 3);
        const bought = isPurchase && step === 4;
        const order = bought ? `order-${event}` : '';
        const price = 5 + (item % 80);
        yield `e-${event},${bought ? 'purchase' : 'view'},${end - before + step * 30_000},${userId(user)},visit-${user}-${visit},item-${item},${order},${bought ? 1 : ''},${price}`;
      }
    }
  }
}

/** Nothing was measured. */
const PROTOCOL = {
  ...{ split: 'none', train_as_of: [], calibrate_as_of: [], calibration: 'none', test_as_of: [] },
  ...{ horizon_days: 0, candidates: 'all items', ties: 'none', users: 0 },
  ...{ items: 0, interactions: 0, examples: 0, positives: 0, seeds: [], interval: 'none' },
  data_fingerprint: 'made up',
};

/** By the product's own code from end to end, but read once only. */
async function saveTransformer(workspace: Workspace, { threads, seed }: ShopSize): Promise<void> {
  const all = await withLake(workspace, { threads }, (engine, source) =>
    lakeSequences(engine, source, { by: 'user' }),
  );
  const few = takeSequences(
    all,
    Int32Array.from({ length: Math.min(READ, all.entities.length) }, (_, row) => row),
  );
  const recommender = recommenderById('transformer').withSettings?.({ epochs: 1, negatives: 128 });
  const model = await recommender?.fit(few, undefined, { seed, threads, progress: silent });
  if (!model) throw new Error('expected a transformer that can be told settings');
  const models = workspacePaths.models(workspace);
  saveVersion(models, {
    task: SEQUENCE_FOLDER,
    files: sequenceBundleFiles({
      ...{ model, at: [10], histories: ['included'], protocol: PROTOCOL, scores: {}, baselines: {} },
    }),
    dataFingerprint: 'made up',
    settings: { by: 'user' },
    seed,
    metrics: {},
    run: { createdMs: Date.now() },
  });
  promote(models, { task: SEQUENCE_FOLDER }, { atMs: Date.now() });
  await model.close?.();
}
