// Backups: of one moment while everything moves, whole or not at all, and back to a workspace that answers the same.
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { random } from '../../core/random.ts';
import { listFiles, realDisk } from '../disk.ts';
import type { EventRow } from '../event.ts';
import { NOW_MS, sampleShop } from '../import/sample-shop.ts';
import { compactJournal } from '../journal/compact.ts';
import { type EventJournal, openEventJournal } from '../journal/event-journal.ts';
import { withLake } from '../lake/open.ts';
import { readSnapshot, writeSnapshot } from '../lake/snapshot.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { backUp } from './back-up.ts';
import { BACKUP_FORMAT, type BackupManifest, encodeManifest } from './backup-manifest.ts';
import { streamTarget, writeWhole } from './backup-target.ts';
import { PIN_FOLDER } from './pin-workspace.ts';
import { checkBackup, restoreBackup } from './restore-backup.ts';
import { TAR_END, tarHeader } from './tar.ts';

const EVENTS = 'columns: { event_id: id, type: { constant: view }, timestamp: when, user_id: who }\n';

async function shop(settings: Parameters<typeof sampleShop>[0] = {}) {
  const made = bareShop(settings);
  await made.import(made.write('a.csv', 'id,who,when\ni1,ann,2024-01-01\ni2,bob,2024-02-01\n'), EVENTS);
  return made;
}

/** Without a lake. */
function bareShop(settings: Parameters<typeof sampleShop>[0] = {}) {
  const made = sampleShop(settings);
  onTestFinished(made.remove);
  const put = (path: string, content: string, mode = 0o644): void => {
    const full = join(made.workspace.dir, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content, { mode });
  };
  put('models/purchase/v1-abcdef0/weights.bin', 'w'.repeat(3000));
  put('models/purchase/promoted.json', '{"format":1,"history":[]}');
  put('keys/api-keys.json', '{"format":1,"keys":[]}', 0o600);
  put('state/state.snapshot', 'made anew');
  put(`reports/${'a-long-name-'.repeat(12)}/页面.html`, 'long');
  return { ...made, outside: dirname(made.workspace.dir), put };
}

const view = (id: string): EventRow => ({
  event_id: id,
  type: 'view',
  timestamp: Date.UTC(2024, 0, 2),
  user_id: 'ann',
  item_id: 'mug',
});

/** Ids of every event of a workspace, those of its journal brought into its lake. */
async function allIds(workspace: Workspace): Promise<string[]> {
  const events = await openEventJournal(workspace);
  expect(events.journal.recovery.damages).toEqual([]);
  await compactJournal(workspace, events, { nowMs: NOW_MS });
  await events.close();
  return withLake(workspace, { threads: 1 }, async (engine, source) => {
    const rows = await engine.rows<{ event_id: string }>(
      `SELECT event_id FROM ${source.events} ORDER BY ALL`,
    );
    return rows.map(({ event_id }) => event_id);
  });
}

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

describe('what is not whole', () => {
  test('a byte changed in any file of a folder is found, and so is a file that is gone', async () => {
    const made = await shop();
    const to = join(made.outside, 'b');
    await backUp(made.workspace, { to });
    const chance = random(1);
    const paths = listFiles(to);
    expect(paths.length).toBeGreaterThan(8);
    for (const path of paths) {
      const whole = readFileSync(join(to, path));
      const bytes = Buffer.from(whole);
      bytes[Math.floor(chance.uniform() * bytes.length)] ^= 1 << Math.floor(chance.uniform() * 8);
      writeFileSync(join(to, path), bytes);
      await expect(checkBackup(to), path).rejects.toMatchObject({ code: 'TAMPERED' });
      await expect(restoreBackup(to, join(made.outside, 'back')), path).rejects.toThrow();
      realDisk.remove(join(to, path));
      await expect(checkBackup(to), path).rejects.toMatchObject({ code: 'TAMPERED' });
      writeFileSync(join(to, path), whole);
    }
    await checkBackup(to);
    expect(readdirSync(made.outside).filter((name) => /back|partial/.test(name))).toEqual([]);
  });

  test('a bit changed anywhere in a tar is found, and so is an end that is missing', async () => {
    const made = await shop();
    const to = join(made.outside, 'b.tar');
    await backUp(made.workspace, { to });
    const whole = readFileSync(to);
    const check = (bytes: Uint8Array) =>
      checkBackup(
        (async function* () {
          yield bytes;
        })(),
      );
    await check(whole);
    const chance = random(2);
    for (let at = 0; at < whole.length; at += 1 + Math.floor(chance.uniform() * 40)) {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 1 << Math.floor(chance.uniform() * 8);
      await expect(check(bytes), `byte ${at}`).rejects.toMatchObject({ code: /TAMPERED|BAD_FILE/ });
    }
    for (let end = 0; end < whole.length; end += 1 + Math.floor(chance.uniform() * 200))
      await expect(check(whole.subarray(0, end)), `cut at ${end}`).rejects.toMatchObject({
        code: 'TAMPERED',
      });
    await expect(check(whole.subarray(0, -1))).rejects.toMatchObject({ code: 'TAMPERED' });
  });

  test('a backup that is stopped leaves nothing, and no pins', async () => {
    const made = bareShop();
    for (const name of ['b.tar', 'b']) {
      const stop = new AbortController();
      const progress = { step: () => stop.abort(), note() {} };
      const asked = backUp(made.workspace, { to: join(made.outside, name), progress, signal: stop.signal });
      await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
    }
    expect(readdirSync(made.outside).sort()).toEqual(['inbox', 'shop']);
    expect(existsSync(join(made.workspace.dir, PIN_FOLDER))).toBe(false);
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is said', async () => {
    const full = await open('/dev/full', 'w');
    const target = streamTarget({ write: (bytes) => writeWhole(full, bytes) });
    const entry = { path: 'a', bytes: 1, mode: 0o600, modifiedMs: 0 };
    await expect(target.add(entry, (async function* () {})())).rejects.toMatchObject({
      code: 'DISK',
      message: expect.stringContaining('ENOSPC'),
    });
    await full.close();
  });

  test('an erasure meanwhile spoils the backup', async () => {
    const made = await shop();
    let isErased = false;
    const write = async (): Promise<void> => {
      if (isErased) return;
      isErased = true;
      const before = readSnapshot(made.workspace);
      writeSnapshot(made.workspace, { ...before, erasures: before.erasures + 1 }, realDisk);
    };
    await expect(backUp(made.workspace, { to: { write } })).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('erased'),
    });
  });
});

describe('names', () => {
  test('nothing is overwritten, and no backup lies in the workspace', async () => {
    const made = bareShop();
    const { workspace, outside } = made;
    const file = made.write('taken.tar', 'mine');
    await expect(backUp(workspace, { to: file })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(backUp(workspace, { to: dirname(file) })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(backUp(workspace, { to: join(workspace.dir, 'b') })).rejects.toMatchObject({
      code: 'USAGE',
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const to = join(outside, 'b');
    await backUp(workspace, { to });
    await expect(restoreBackup(to, workspace.dir)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(restoreBackup(join(outside, 'none'), join(outside, 'x'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  const BAD = ['../evil', 'a/../../evil', '/etc/evil', 'C:/evil', 'a\\..\\evil', 'a//b', './a', ''];
  const manifestOf = (path: string): BackupManifest => ({
    ...{ format: BACKUP_FORMAT, product: '0', takenMs: 0, lake: { version: 0, erasures: 0, events: 0 } },
    files: [{ path, bytes: 1, sha256: '0'.repeat(64), mode: 0o644, modifiedMs: 0 }],
  });

  test.each(BAD)('a path that leads elsewhere is refused: %j', async (path) => {
    const made = bareShop();
    const folder = join(made.outside, 'folder');
    const { manifest, seal } = encodeManifest(manifestOf(path));
    mkdirSync(join(folder, 'files'), { recursive: true });
    writeFileSync(join(folder, 'backup.json'), manifest);
    writeFileSync(join(folder, 'backup.sha256'), seal);
    const to = join(made.outside, 'inside', 'back');
    await expect(restoreBackup(folder, to)).rejects.toMatchObject({ code: 'BAD_FILE' });
    const entry = { path: `files/${path}`, bytes: 1, mode: 0o644, modifiedMs: 0 };
    const tar = Buffer.concat([tarHeader(entry), Buffer.alloc(512, 'x', 'latin1').fill(0, 1), TAR_END]);
    writeFileSync(join(made.outside, 'evil.tar'), tar);
    await expect(restoreBackup(join(made.outside, 'evil.tar'), to)).rejects.toMatchObject({
      code: 'BAD_FILE',
    });
    expect(listFiles(made.outside).some((file) => file.includes('evil') && !file.endsWith('.tar'))).toBe(
      false,
    );
  });

  test('a link to a file is read through, one to a folder is refused rather than left out', async () => {
    const made = bareShop();
    const settings = made.write('settings.yaml', 'a: 1');
    symlinkSync(settings, join(made.workspace.dir, 'own.yaml'));
    const to = join(made.outside, 'b');
    await backUp(made.workspace, { to });
    expect(readFileSync(join(to, 'files/own.yaml'), 'utf8')).toBe('a: 1');
    symlinkSync(made.outside, join(made.workspace.dir, 'more-models'));
    await expect(backUp(made.workspace, { to: join(made.outside, 'c') })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('more-models'),
    });
  });

  test.skipIf(!existsSync('/dev/shm'))('a lake on another disk is in the backup', async () => {
    const made = await shop();
    const other = mkdtempSync('/dev/shm/foresell-');
    onTestFinished(() => rmSync(other, { recursive: true }));
    const lake = join(made.workspace.dir, 'lake');
    cpSync(lake, join(other, 'lake'), { recursive: true });
    realDisk.remove(lake);
    symlinkSync(join(other, 'lake'), lake);
    const to = join(made.outside, 'b.tar');
    const { manifest } = await backUp(made.workspace, { to });
    expect(manifest.files.filter(({ path }) => path.endsWith('.parquet')).length).toBeGreaterThan(0);
    const back = join(made.outside, 'back');
    await restoreBackup(to, back);
    expect(await allIds(openWorkspace(back))).toEqual(['i1', 'i2']);
  });

  test('a link in a folder is not followed', async () => {
    const made = bareShop();
    const to = join(made.outside, 'b');
    await backUp(made.workspace, { to });
    const path = join(to, 'files', 'foresell.yaml');
    const copy = made.write('copy.yaml', readFileSync(path));
    realDisk.remove(path);
    symlinkSync(copy, path);
    await expect(checkBackup(to)).rejects.toMatchObject({ code: 'TAMPERED' });
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
