// An erasure in the middle of a training: noticed by whoever read the lake before, and never forgotten by a model.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Progress } from '../src/core/progress.ts';
import { withLake } from '../src/data/lake/open.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { listVersions } from '../src/registry/versions.ts';
import { taskNamed } from '../src/tasks/catalogue.ts';
import { trainTask } from '../src/train/run.ts';
import { succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const bin = fileURLToPath(new URL('../bin/foresell.js', import.meta.url));

/** In a process of its own, while this one stands still. */
function erase(user: string): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    [bin, 'erase', '--user', user, '--workspace', shop],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(stderr);
}

const train = (task: string, { now = Date.now, progress }: { now?: () => number; progress: Progress }) =>
  trainTask(openWorkspace(shop), {
    task: taskNamed(task),
    models: ['bg-nbd'],
    promote: true,
    command: 'test',
    language: 'en',
    seed: 1,
    threads: 1,
    now,
    progress,
  });

beforeAll(async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 250 }));
  await succeed('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING), '--workspace', shop);
});

test('while the lake is still being read, the training begins anew without the customer, and saves once', async () => {
  let erased = false;
  const { version } = await train('purchase', {
    progress: {
      step({ task }) {
        if (erased || task !== 'test') return;
        erased = true;
        erase('c3');
      },
      note() {},
    },
  });
  expect(erased).toBe(true);
  const fingerprint = await withLake(openWorkspace(shop), {}, async (_, source) => source.fingerprint);
  expect(version.dataFingerprint).toBe(fingerprint);
  expect(listVersions(join(shop, 'models'), 'purchase').versions).toHaveLength(1);
  expect(listVersions(join(shop, 'models'), 'purchase').versions[0].erasures).toBeUndefined();
});

test('after the last look at the lake, the version that is saved is marked for retraining', async () => {
  let nearlySaved = false;
  let erased = false;
  await train('spend', {
    progress: {
      step({ task, done }) {
        nearlySaved ||= task === 'test' && done === 2;
      },
      note() {},
    },
    // Asked for the seconds it took, between the last reading and the saving.
    now() {
      if (nearlySaved && !erased) {
        erased = true;
        erase('c4');
      }
      return Date.now();
    },
  });
  const { versions } = listVersions(join(shop, 'models'), 'spend');
  expect(versions).toHaveLength(1);
  expect(versions[0]).toMatchObject({ promoted: true, erasures: { users: 1 } });
});
