// Backups of one moment while everything moves, and back to a workspace that answers the same.
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles, realDisk } from '../disk.ts';
import { NOW_MS } from '../import/sample-shop.ts';
import { compactJournal } from '../journal/compact.ts';
import { type EventJournal, openEventJournal } from '../journal/event-journal.ts';
import { openWorkspace } from '../workspace.ts';
import { backUp } from './back-up.ts';
import { allIds, bareShop, EVENTS, shop, view } from './made-up-workspace.ts';
import { PIN_FOLDER } from './pin-workspace.ts';
import { restoreBackup } from './restore-backup.ts';

describe('while a journal is written to, brought into the lake and imports arrive', () => {
  test.each(['backup.tar', 'backup'])('every event acknowledged before is in %s, once', async (name) => {
    const made = await shop();
    const events = await openEventJournal(made.workspace, { segmentBytes: 4000 });
    const acknowledged: string[] = [];
    let isOver = false;
    const append = async (): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const batch = Array.from({ length: 5 }, (_, at) => `e-${n}-${at}`);
        await events.append(batch.map(view));
        acknowledged.push(...batch);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const compact = async (): Promise<void> => {
      while (!isOver) await compactJournal(made.workspace, events, { nowMs: NOW_MS, waitMs: 10_000 });
    };
    const work = Promise.all([append(), compact()]);
    for (let round = 0; round < 4; round++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      const before = [...acknowledged];
      const to = join(made.outside, `${round}-${name}`);
      const { manifest } = await backUp(made.workspace, { to });
      expect(manifest.files.some(({ path }) => /^(state|locks)\//.test(path))).toBe(false);
      const back = join(made.outside, `restored-${round}-${name}`);
      await restoreBackup(to, back);
      const ids = await allIds(openWorkspace(back));
      expect(new Set(ids).size).toBe(ids.length);
      const there = new Set(ids);
      expect(before.filter((id) => !there.has(id))).toEqual([]);
      expect(before.length).toBeGreaterThan(round * 10);
      expect(there.has('i1')).toBe(true);
    }
    isOver = true;
    await work;
    await events.close();
    expect(existsSync(join(made.workspace.dir, PIN_FOLDER))).toBe(false);
  });

  test('files are as they were, and only their owner may read them', async () => {
    const made = await shop({ pseudonyms: true });
    const [tar, folder, back] = ['new/b.tar', 'other/b', 'third/back'].map((name) =>
      join(made.outside, name),
    );
    await backUp(made.workspace, { to: tar });
    await backUp(made.workspace, { to: folder });
    expect(statSync(tar).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const path of listFiles(folder)) expect(statSync(join(folder, path)).mode & 0o77, path).toBe(0);
    await restoreBackup(tar, back);
    const files = listFiles(made.workspace.dir).filter((path) => !/^(state|locks)\//.test(path));
    expect(listFiles(back)).toEqual(files);
    for (const path of files)
      expect(readFileSync(join(back, path)), path).toEqual(readFileSync(join(made.workspace.dir, path)));
    for (const path of ['keys/api-keys.json', 'keys/pseudonym.key'])
      expect(statSync(join(back, path)).mode & 0o777, path).toBe(0o600);
  });

  test('a log that is written to ends with its last whole line', async () => {
    const made = bareShop();
    made.put('audit/log.ndjson', '{"a":1}\n{"b":2}\n{"c"');
    const back = join(made.outside, 'back');
    const to = join(made.outside, 'b');
    await backUp(made.workspace, { to });
    await restoreBackup(to, back);
    expect(readFileSync(join(back, 'audit/log.ndjson'), 'utf8')).toBe('{"a":1}\n{"b":2}\n');
  });

  test('the newest segment is taken without a frame that is being written', async () => {
    const made = bareShop();
    const events = await openEventJournal(made.workspace);
    await events.append([view('e-1'), view('e-2')]);
    const journal = join(made.workspace.dir, 'journal');
    const newest = join(journal, readdirSync(journal).sort()[0]);
    appendFileSync(newest, readFileSync(newest).subarray(20, 60));
    const to = join(made.outside, 'b');
    await backUp(made.workspace, { to });
    await events.close();
    const back = join(made.outside, 'back');
    await restoreBackup(to, back);
    const restored = await openEventJournal(openWorkspace(back));
    expect(restored.journal.recovery).toMatchObject({ records: 2, tornBytes: 0, damages: [] });
    expect(await restored.append([view('e-2'), view('e-3')])).toEqual(['duplicate', 'accepted']);
    await restored.close();
  });
});

test('what did not change since the backup before is linked, what did is not', async () => {
  const made = await shop();
  const [first, second] = ['first', 'second'].map((name) => join(made.outside, name));
  await backUp(made.workspace, { to: first });
  await made.import(made.write('b.csv', 'id,who,when\ni3,cid,2024-03-01\n'), EVENTS);
  const { linkedBytes } = await backUp(made.workspace, { to: second, base: first });
  const inode = (folder: string, path: string): number => statSync(join(folder, 'files', path)).ino;
  const weights = 'models/purchase/v1-abcdef0/weights.bin';
  expect(inode(first, weights)).toBe(inode(second, weights));
  expect(inode(first, 'foresell.yaml')).not.toBe(inode(second, 'foresell.yaml'));
  expect(inode(first, 'keys/api-keys.json')).not.toBe(inode(second, 'keys/api-keys.json'));
  expect(linkedBytes).toBeGreaterThan(3000);
  realDisk.remove(first);
  const back = join(made.outside, 'back');
  await restoreBackup(second, back);
  expect(await allIds(openWorkspace(back))).toEqual(['i1', 'i2', 'i3']);
});

test('a journal that was never compacted comes back with its ids known', async () => {
  const made = bareShop();
  const events: EventJournal = await openEventJournal(made.workspace);
  await events.append([view('e-1')]);
  await events.dropBefore(await events.journal.seal());
  await events.append([view('e-2')]);
  const to = join(made.outside, 'b.tar');
  await backUp(made.workspace, { to });
  await events.close();
  const back = join(made.outside, 'back');
  await restoreBackup(to, back);
  const restored = await openEventJournal(openWorkspace(back));
  expect(await restored.append([view('e-1'), view('e-2'), view('e-3')])).toEqual([
    'duplicate',
    'duplicate',
    'accepted',
  ]);
  await restored.close();
});
