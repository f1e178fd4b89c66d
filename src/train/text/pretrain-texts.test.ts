// A pretraining in a folder: goes on with its own texts alone, and leaves nothing in the way where it could not begin.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { silent } from '../../core/progress.ts';
import { pretrainTexts } from './pretrain-texts.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-pretrain-texts-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const settings = { width: 16, blocks: 1, heads: 2, length: 16, vocabulary: 300, steps: 2 };
const tableOf = (name: string, texts: readonly string[]): string => {
  const path = join(dir, name);
  writeFileSync(path, ['review', ...texts].join('\n'));
  return path;
};
const run = (data: string, out: string) =>
  pretrainTexts({
    ...{ data, columns: ['review'], out: join(dir, out), settings, now: Date.now },
    ...{ seed: 1, threads: 1, progress: silent },
  });
const reviews = Array.from({ length: 80 }, (_, i) => `soft and lovely dress number ${i}`);

it('begins with more texts in the folder where there were too few', async () => {
  await expect(run(tableOf('few.csv', reviews.slice(0, 5)), 'mended')).rejects.toMatchObject({
    code: 'NOT_ENOUGH_DATA',
  });
  expect(await run(tableOf('enough.csv', reviews), 'mended')).toMatchObject({ texts: 80, steps: 2 });
});

it('does not go on from a run of other texts', async () => {
  const data = tableOf('others.csv', reviews);
  const stopped = join(dir, 'stopped', 'pretraining');
  mkdirSync(stopped, { recursive: true });
  writeFileSync(join(stopped, 'texts.sha256'), 'of other texts');
  writeFileSync(join(stopped, 'checkpoint-1'), '');
  await expect(run(data, 'stopped')).rejects.toThrow('an interrupted run of other texts');
});
