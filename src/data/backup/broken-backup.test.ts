// Backups whole or not at all: damage, cuts, full disks, names that lead elsewhere or are taken.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { random } from '../../core/random.ts';
import { listFiles, realDisk } from '../disk.ts';
import { eraseUser } from '../erase/erase-user.ts';
import { NOW_MS } from '../import/sample-shop.ts';
import { readSnapshot, writeSnapshot } from '../lake/snapshot.ts';
import { openWorkspace } from '../workspace.ts';
import { backUp } from './back-up.ts';
import { BACKUP_FORMAT, type BackupManifest, encodeManifest } from './backup-manifest.ts';
import { streamTarget, writeWhole } from './backup-target.ts';
import { allIds, bareShop, shop } from './made-up-workspace.ts';
import { PIN_FOLDER, pinWorkspace } from './pin-workspace.ts';
import { checkBackup, restoreBackup } from './restore-backup.ts';
import { TAR_END, tarHeader } from './tar.ts';

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

describe('an erasure', () => {
  test('leaves no pins of a backup that died', async () => {
    const made = await shop();
    const { release } = await pinWorkspace(made.workspace);
    const pins = join(made.workspace.dir, PIN_FOLDER);
    const kept = join(made.outside, 'kept');
    cpSync(pins, kept, { recursive: true });
    release();
    cpSync(kept, pins, { recursive: true });
    const { before, after } = await eraseUser(made.workspace, 'ann', { nowMs: NOW_MS });
    expect(before.map(({ file }) => file.split('/')[0])).toEqual(['lake']);
    expect(after).toEqual([]);
    expect(existsSync(pins)).toBe(false);
  });

  test('waits for a backup at work', async () => {
    const made = await shop();
    const { release } = await pinWorkspace(made.workspace);
    await expect(eraseUser(made.workspace, 'ann')).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining('backup'),
    });
    release();
    expect((await eraseUser(made.workspace, 'ann')).before).toHaveLength(1);
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
