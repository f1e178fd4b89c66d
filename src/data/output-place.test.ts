import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkWritable, placeError } from './output-place.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-place-'));
const file = join(dir, 'file.csv');
const folder = join(dir, 'folder');
writeFileSync(file, 'old');
mkdirSync(folder);
afterAll(() => rmSync(dir, { recursive: true }));

test('a free place, one to replace and one below folders still to make are fine, and nothing is made', () => {
  for (const free of [join(dir, 'new'), join(dir, 'a', 'b', 'c')]) {
    expect(() => checkWritable(free, 'file')).not.toThrow();
    expect(() => checkWritable(free, 'folder')).not.toThrow();
  }
  expect(() => checkWritable(file, 'file')).not.toThrow();
  expect(() => checkWritable(folder, 'folder')).not.toThrow();
  expect(readdirSync(dir).sort()).toEqual(['file.csv', 'folder']);
});

test('the other kind in the place, a file on the way and a name too long are no place', () => {
  const nowhere = join(dir, 'nowhere');
  symlinkSync(join(dir, 'gone'), nowhere);
  const bad = [
    [folder, 'file'],
    [file, 'folder'],
    [nowhere, 'folder'],
    [join(file, 'inside'), 'file'],
    [join(file, 'deep', 'inside'), 'folder'],
    [join(dir, 'x'.repeat(300)), 'folder'],
  ] as const;
  for (const [path, kind] of bad) {
    expect(() => checkWritable(path, kind)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(kind === 'file' ? 'a place for a file' : 'a folder to save to'),
      }),
    );
  }
  rmSync(nowhere);
});

// The superuser may write anywhere.
test.skipIf(process.getuid?.() === 0)('a folder without the right to write is a refusal of the disk', () => {
  const closed = join(dir, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  for (const [path, kind] of [
    [closed, 'folder'],
    [join(closed, 'file.csv'), 'file'],
    [join(closed, 'a', 'b'), 'folder'],
  ] as const) {
    expect(() => checkWritable(path, kind)).toThrow(expect.objectContaining({ code: 'DISK' }));
    expect(existsSync(join(closed, 'a'))).toBe(false);
  }
  chmodSync(closed, 0o700);
});

test.skipIf(!existsSync('/proc/self'))('a folder that takes no files of ours is no place', () => {
  expect(() => checkWritable('/proc/foresell/table', 'folder')).toThrow(
    expect.objectContaining({ code: 'USAGE' }),
  );
});

test('what is no refusal of the file system stays as it is', () => {
  const bug = new TypeError('a bug');
  expect(placeError(bug, file, 'file')).toBe(bug);
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  expect(placeError(full, file, 'file')).toMatchObject({ code: 'DISK', cause: full });
});
