// However an import ends, the lake is as before or as after.
import { spawn } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { type Disk, listFiles, realDisk } from '../disk.ts';
import { openEngine } from '../engine.ts';
import { eraseUser } from '../erase/erase-user.ts';
import { importFiles } from '../import/import-files.ts';
import { parseMapping } from '../import/mapping.ts';
import { NOW_MS, type SampleShop, sampleShop } from '../import/sample-shop.ts';
import { readSource, withSource } from './read.ts';
import { readSnapshot } from './snapshot.ts';

const MAPPING =
  'columns: { type: { constant: purchase }, timestamp: when, user_id: who, price: price, currency: { constant: EUR } }\n';
const here = dirname(fileURLToPath(import.meta.url));

const shops: SampleShop[] = [];
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});

/** A lake of one file, and a second file to import: new events in an old month and a new one, and a rejected row. */
let template: SampleShop;
beforeAll(async () => {
  template = sampleShop();
  await template.import(
    template.write('first.csv', 'who,when,price\nann,2024-01-02,1\nbob,2024-02-02,2\n'),
    MAPPING,
  );
});
afterAll(() => template.remove());

function prepared(): { shop: SampleShop; second: string } {
  const shop = sampleShop();
  shops.push(shop);
  cpSync(template.workspace.dir, shop.workspace.dir, { recursive: true });
  const second = shop.write('second.csv', 'who,when,price\ncid,2024-02-03,3\nann,2024-03-02,4\ndan,soon,4\n');
  return { shop, second };
}

const contents = async (shop: SampleShop) => ({
  users: (await shop.rows('events', 'user_id')).map((row) => row.user_id),
  rejected: (await shop.quarantine()).length,
});

const BEFORE = { users: ['ann', 'bob'], rejected: 0 };
const AFTER = { users: ['ann', 'ann', 'bob', 'cid'], rejected: 1 };

/** A disk whose n-th operation (from 1) does `fault` instead. */
function faultyDisk(at: number, fault: () => never): { disk: Disk; count: () => number } {
  let count = 0;
  const faulty =
    <A extends unknown[]>(act: (...args: A) => void) =>
    (...args: A) => {
      count++;
      if (count === at) fault();
      act(...args);
    };
  const disk: Disk = {
    makeFolder: faulty(realDisk.makeFolder),
    write: faulty(realDisk.write),
    move: faulty(realDisk.move),
    remove: faulty(realDisk.remove),
    sync: faulty(realDisk.sync),
  };
  return { disk, count: () => count };
}

const full = (): never => {
  throw new AppError('DISK', 'the disk refused a write (ENOSPC)');
};

const noOrphans = (shop: SampleShop) => {
  const { events, quarantine } = readSnapshot(shop.workspace);
  const named = [...events, ...quarantine].map((part) => part.path).sort();
  const found = listFiles(shop.workspace.dir).filter((file) => file.endsWith('.parquet'));
  expect(found).toEqual(named);
};

test('a disk that is full at the n-th operation leaves the lake as before or as after, for every n', async () => {
  let committed = 0;
  for (let n = 1; ; n++) {
    const { shop, second } = prepared();
    const { disk, count } = faultyDisk(n, full);
    const ended = await shop.import(second, MAPPING, { disk }).then(
      () => 'done',
      (error: AppError) => error.code,
    );
    if (count() < n) {
      expect(ended).toBe('done');
      expect(n).toBeGreaterThan(10);
      break;
    }
    expect(ended).toBe('DISK');
    const found = await contents(shop);
    expect([BEFORE, AFTER]).toContainEqual(found);
    if (found.users.length === AFTER.users.length) committed++;
    // The next import finishes the job and sweeps up; every third failure is enough to see it.
    if (n % 3 !== 0) continue;
    await shop.import(second, MAPPING);
    expect(await contents(shop)).toEqual(AFTER);
    noOrphans(shop);
  }
  expect(committed).toBeGreaterThan(0);
});

test('an erasure on a disk that fails at the n-th operation can be repeated until it is whole, for every n', async () => {
  for (let n = 1; ; n++) {
    const { shop } = prepared();
    const { disk, count } = faultyDisk(n, full);
    const ended = await eraseUser(shop.workspace, 'ann', { disk }).then(
      () => 'done',
      (error: AppError) => error.code,
    );
    if (count() < n) {
      expect(ended).toBe('done');
      break;
    }
    expect([['ann', 'bob'], ['bob']]).toContainEqual((await contents(shop)).users);
    if (n % 3 !== 0) continue;
    expect((await eraseUser(shop.workspace, 'ann')).after).toEqual([]);
    expect((await contents(shop)).users).toEqual(['bob']);
    noOrphans(shop);
  }
});

/** Runs an import in a process that kills itself with SIGKILL at a moment; gives the signal it ended by. */
function importAndDie(
  shop: SampleShop,
  file: string,
  moment: { disk?: number; task?: string },
): Promise<string> {
  const href = (path: string) => pathToFileURL(join(here, path)).href;
  const script = `
    import { importFiles } from ${JSON.stringify(href('../import/import-files.ts'))};
    import { parseMapping } from ${JSON.stringify(href('../import/mapping.ts'))};
    import { realDisk } from ${JSON.stringify(href('../disk.ts'))};
    import { openWorkspace } from ${JSON.stringify(href('../workspace.ts'))};
    const moment = ${JSON.stringify(moment)};
    let count = 0;
    const die = () => process.kill(process.pid, 'SIGKILL');
    const disk = Object.fromEntries(Object.entries(realDisk).map(([name, act]) => [name, (...args) => {
      if (++count === moment.disk) die();
      return act(...args);
    }]));
    const progress = { note() {}, step({ task }) { if (task === moment.task) die(); } };
    await importFiles(openWorkspace(${JSON.stringify(shop.workspace.dir)}), [${JSON.stringify(file)}],
      parseMapping(${JSON.stringify(MAPPING)}), { disk, progress, nowMs: ${NOW_MS} });
    console.log(count);`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: join(here, '..', '..', '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
}

test('an import killed while it reads, while it moves files in, or right after the manifest leaves a whole lake', async () => {
  for (const moment of [{ task: 'finding repeats' }, { disk: 6 }, { disk: 12 }, { disk: 17 }]) {
    const { shop, second } = prepared();
    const signal = await importAndDie(shop, second, moment);
    expect(
      [signal, existsSync(join(shop.workspace.dir, 'locks', 'lake.lock'))],
      JSON.stringify(moment),
    ).toEqual(['SIGKILL', true]);
    expect([BEFORE, AFTER]).toContainEqual(await contents(shop));
    await shop.import(second, MAPPING);
    expect(await contents(shop)).toEqual(AFTER);
    noOrphans(shop);
    expect(listFiles(join(shop.workspace.dir, 'scratch'))).toEqual([]);
  }
});

test('a cancelled import says so and changes nothing', async () => {
  const { shop, second } = prepared();
  const control = new AbortController();
  const progress = {
    note() {},
    step: ({ task }: { task: string }) => task === 'writing partitions' && control.abort(),
  };
  await expect(
    shop.import(second, MAPPING, { signal: control.signal, progress: progress as never }),
  ).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await contents(shop)).toEqual(BEFORE);
  expect(listFiles(join(shop.workspace.dir, 'scratch'))).toEqual([]);
});

test('of two imports at once the second waits or is told who is first, and nothing is lost', async () => {
  const { shop, second } = prepared();
  const third = shop.write('third.csv', 'who,when,price\neve,2024-02-04,5\n');
  const run = (file: string, waitMs: number) =>
    importFiles(shop.workspace, [file], parseMapping(MAPPING), { nowMs: NOW_MS, waitMs });
  const [one, two] = await Promise.all([run(second, 0), run(third, 60_000)]);
  expect([one.accepted, two.accepted]).toEqual([2, 1]);
  const [again, refused] = await Promise.allSettled([run(second, 0), run(third, 0)]);
  expect(again.status).toBe('fulfilled');
  expect(refused).toMatchObject({
    reason: { code: 'BUSY', message: expect.stringContaining('import (process') },
  });
  expect((await contents(shop)).users).toEqual([...AFTER.users, 'eve']);
});

test('a reader that was planned before an erasure is retried on the lake after it', async () => {
  const { shop } = prepared();
  const engine = await openEngine({ threads: 1 });
  let attempts = 0;
  const rows = await withSource(shop.workspace, engine, async (source) => {
    if (++attempts === 1) await eraseUser(shop.workspace, 'ann');
    return engine.rows<{ user_id: string }>(`SELECT user_id FROM ${source.events} ORDER BY 1`);
  });
  expect([attempts, rows.map((row) => row.user_id)]).toEqual([2, ['bob']]);
  await expect(withSource(shop.workspace, engine, () => engine.rows('SELECT nonsense'))).rejects.toThrow(
    /nonsense/,
  );
  engine.close();
});

test('equal data have an equal fingerprint in whatever files they came, and other data another', async () => {
  const fingerprint = async (files: readonly string[]) => {
    const shop = sampleShop();
    shops.push(shop);
    for (const [index, rows] of files.entries()) {
      await shop.import(shop.write(`${index}.csv`, `who,when,price\n${rows}\n`), MAPPING);
    }
    const engine = await openEngine({ threads: 1 });
    const source = await readSource(shop.workspace, engine);
    engine.close();
    return source.fingerprint;
  };
  const whole = await fingerprint(['ann,2024-01-02,1\nbob,2024-02-02,2\ncid,2024-02-03,3']);
  expect(await fingerprint(['cid,2024-02-03,3', 'bob,2024-02-02,2\nann,2024-01-02,1'])).toBe(whole);
  expect(await fingerprint(['cid,2024-02-03,3', 'bob,2024-02-02,2\nann,2024-01-02,1.01'])).not.toBe(whole);
});
