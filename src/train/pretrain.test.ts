// A trunk learned from a small shop: stopped and taken up again, saved, read back, and refused where it knows too much.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Progress } from '../core/progress.ts';
import { DAY_MS, formatLocalMoment, UTC, zoneOffsets } from '../core/time.ts';
import { importFiles } from '../data/import/import-files.ts';
import { parseMapping } from '../data/import/mapping.ts';
import { planSplits } from '../data/splits.ts';
import { writeShop } from '../data/synthetic/write-shop.ts';
import { simulateShop } from '../data/synthetic.ts';
import { createWorkspace } from '../data/workspace.ts';
import { taskNamed } from '../tasks/catalogue.ts';
import { PRETRAIN_DEFAULTS, pretrainShop } from './pretrain.ts';
import { lastToRead, loadTrunk, refuseForesight } from './pretrained.ts';
import { trainTask } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'pretrain-'));
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

async function smallShop() {
  const shop = simulateShop({ scenario: 'sequential', customers: 60, items: 40, days: 200, seed: 5 });
  const files = await writeShop(shop, join(dir, 'files'), { format: 'csv' });
  mkdirSync(join(dir, 'shop'));
  const workspace = createWorkspace(join(dir, 'shop'));
  await importFiles(workspace, [files.events], parseMapping(MAPPING, 'events'), { threads: 1 });
  return { workspace, shop };
}

test('a trunk stopped half-way is taken up where it stood, and saved for every question', async () => {
  const { workspace, shop } = await smallShop();
  const stop = new AbortController();
  const seen: number[] = [];
  const progress: Progress = {
    note() {},
    step({ task, done }) {
      if (!task.endsWith('pretraining')) return;
      seen.push(done);
      if (done === 5) stop.abort();
    },
  };
  const options = {
    ...{ ...PRETRAIN_DEFAULTS, width: 8, blocks: 1, steps: 12 },
    ...{ command: 'foresell pretrain', seed: 3, threads: 1, now: () => 1e12, progress },
  };
  await expect(pretrainShop(workspace, { ...options, signal: stop.signal })).rejects.toThrow(/interrupted/);
  const { version, folder, steps, events, customers, asOf } = await pretrainShop(workspace, options);
  expect(Math.max(...seen)).toBe(12);
  expect(steps).toBeLessThan(12);
  expect(steps).toBeGreaterThan(0);
  expect(events).toBeGreaterThan(20 * customers);
  expect(readdirSync(folder).some((file) => file.startsWith('events.out.tfevents'))).toBe(true);
  const lines = readFileSync(join(folder, 'metrics.ndjson'), 'utf8').trim().split('\n');
  expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ step: 10 });

  const pretrained = loadTrunk(workspace, version.version);
  expect(pretrained.seenUntilMs).toBe(asOf);
  expect(pretrained.trunk.values['trunk.positions.weight']?.length).toBe(64 * 8);
  expect(existsSync(join(workspace.dir, 'models', 'trunk', version.version))).toBe(true);

  const plan = planSplits({ firstMs: shop.startMs, lastMs: shop.endMs, horizonMs: 30 * DAY_MS });
  expect(asOf).toBeLessThanOrEqual(lastToRead(plan));
  expect(() => refuseForesight(pretrained, plan)).not.toThrow();
  const wise = { ...pretrained, seenUntilMs: lastToRead(plan) + 1 };
  expect(() => refuseForesight(wise, plan)).toThrow(/pretrain --as-of/);
  // In the shop's own time, as --as-of takes it.
  const shanghai = zoneOffsets('Asia/Shanghai');
  expect(() => refuseForesight(wise, plan, shanghai)).toThrow(
    `pretrain --as-of ${formatLocalMoment(lastToRead(plan), shanghai)}`,
  );
  expect(formatLocalMoment(lastToRead(plan), shanghai)).not.toBe(formatLocalMoment(lastToRead(plan), UTC));

  await expect(
    trainTask(workspace, {
      ...{ ...options, task: taskNamed('purchase'), models: ['logistic', 'gbdt'], pretrained },
      ...{ horizonDays: 30, promote: true, language: 'en' },
    }),
  ).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^--pretrained: expected a behaviour transformer.*got logistic, gbdt/),
  });
});
