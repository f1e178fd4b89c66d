// A trunk of a small shop goes on a month later: it says what it learned and forgot, and what was erased stays known.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silent } from '../core/progress.ts';
import { DAY_MS } from '../core/time.ts';
import { importFiles } from '../data/import/import-files.ts';
import { parseMapping } from '../data/import/mapping.ts';
import { writeShop } from '../data/synthetic/write-shop.ts';
import { simulateShop } from '../data/synthetic.ts';
import { createWorkspace, type Workspace, workspacePaths } from '../data/workspace.ts';
import { CONTINUE_DEFAULTS } from '../models/sequence/continuing.ts';
import { markErasures, showVersion } from '../registry/versions.ts';
import { type ContinuePretrainingOptions, continuePretraining } from './continue-pretraining.ts';
import { PRETRAIN_DEFAULTS, pretrainShop } from './pretrain.ts';
import { loadTrunk, TRUNK } from './pretrained.ts';

const dir = mkdtempSync(join(tmpdir(), 'continue-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const COLUMNS = [
  'event_id',
  'type',
  'timestamp',
  'user_id',
  'item_id',
  'price_minor',
  'currency',
  'quantity',
];
const MAPPING = `kind: events
file: { format: csv, encoding: utf-8, separator: "," }
time: { format: unix_ms }
columns:
${COLUMNS.map((column) => `  ${column}: ${column}`).join('\n')}
`;

let workspace: Workspace;
let endMs: number;
const options = (asOf: number) => ({
  ...{ asOf, horizonDays: 30, command: 'foresell pretrain --continue latest', seed: 3, threads: 1 },
  ...{
    now: () => 1e12,
    progress: silent,
    from: 'latest',
    how: { ...CONTINUE_DEFAULTS, epochs: 2, steps: 8 },
  },
});
const goOn = (changes: Partial<ContinuePretrainingOptions> = {}) =>
  continuePretraining(workspace, { ...options(endMs - 60 * DAY_MS), ...changes });

beforeAll(async () => {
  const shop = simulateShop({ scenario: 'sequential', customers: 300, items: 40, days: 200, seed: 5 });
  endMs = shop.endMs;
  const files = await writeShop(shop, join(dir, 'files'), { format: 'csv' });
  mkdirSync(join(dir, 'shop'));
  workspace = createWorkspace(join(dir, 'shop'));
  await importFiles(workspace, [files.events], parseMapping(MAPPING, 'events'), { threads: 1 });
  const sizes = { ...PRETRAIN_DEFAULTS, width: 8, blocks: 1, steps: 10 };
  await pretrainShop(workspace, { ...options(endMs - 90 * DAY_MS), ...sizes });
});

test('a trunk learns the month since, from the new and a draw of the old, and serves as the latest', async () => {
  const continued = await goOn();
  expect(continued).toMatchObject({ sinceMs: endMs - 90 * DAY_MS, asOf: endMs - 60 * DAY_MS });
  expect(continued.effort.steps).toBe(8);
  expect(continued.effort.replayed).toBeGreaterThan(0);
  expect(continued.old?.cases).toBeGreaterThan(15);
  expect(continued.fresh?.cases).toBeGreaterThan(15);
  const { trunk, version, seenUntilMs } = loadTrunk(workspace);
  expect(version).toBe(continued.version.version);
  expect(seenUntilMs).toBe(continued.asOf);
  expect(trunk.settings.width).toBe(8);
  expect(trunk.vocabulary.itemIds.slice(0, 5)).toEqual(
    loadTrunk(workspace, continued.from).trunk.vocabulary.itemIds.slice(0, 5),
  );
});

test('what continuing takes follows from the steps a trunk began with, also the second time', async () => {
  const how = CONTINUE_DEFAULTS;
  const once = await goOn({ from: 'v1', how });
  const twice = await goOn({ how, asOf: endMs - 40 * DAY_MS });
  for (const { version, effort } of [once, twice]) {
    expect(version.metrics).toMatchObject({ firstSteps: 10 });
    // Ten steps had not read everything once: the new is read once and no more, a moment asked beside each history.
    expect(effort.examples).toBeGreaterThan(effort.windows);
    expect(effort.examples).toBeLessThan(2.5 * effort.windows);
  }
});

test('a moment the trunk has read already is refused', async () => {
  await expect(goOn({ from: 'v1', asOf: endMs - 91 * DAY_MS })).rejects.toThrow(/expected a moment later/);
});

test('what a trunk learned of somebody who was erased, the one that goes on from it knows as well', async () => {
  const models = workspacePaths.models(workspace);
  const { version } = showVersion(models, TRUNK, 'v1');
  markErasures(models, { task: TRUNK, version }, { users: 2, atMs: 1e12 });
  const continued = await goOn({ from: 'v1' });
  expect(showVersion(models, TRUNK, continued.version.version).erasures).toMatchObject({ users: 2 });
});
