// Archives written byte by byte: what is read back, and every way in which an archive can be wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openImageArchive } from './zip-images.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-zip-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Packed {
  readonly name: string;
  readonly bytes: Buffer;
  readonly method?: number;
  /** What the list states, if not the truth. */
  readonly size?: number;
  readonly flags?: number;
}

/** APPNOTE.TXT, 4.3: files, the central directory, its end. */
function zip(files: readonly Packed[]): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, method = 8, size = bytes.length, flags = 0 } of files) {
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const text = Buffer.from(name);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(text.length, 26);
    head.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(text.length, 28);
    entry.writeUInt32LE(at, 42);
    parts.push(head, text, Buffer.alloc(4), packed);
    at += 34 + text.length + packed.length;
    list.push(entry, text);
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}

let count = 0;
function archive(bytes: Buffer): string {
  count++;
  const path = join(root, `${count}.zip`);
  writeFileSync(path, bytes);
  return path;
}

const jpeg = Buffer.from('as if it were a picture '.repeat(20));

describe('an archive', () => {
  it('gives its pictures by name, stored or deflated, and passes over all else', async () => {
    const open = openImageArchive(
      archive(
        zip([
          { name: 'a.jpg', bytes: jpeg },
          { name: 'shop/b.PNG', bytes: Buffer.from('two'), method: 0 },
          { name: 'notes.txt', bytes: jpeg },
          { name: '../up.jpg', bytes: jpeg },
          { name: '/root.jpg', bytes: jpeg },
          { name: 'in\\out.jpg', bytes: jpeg },
          { name: 'locked.jpg', bytes: jpeg, flags: 1 },
        ]),
      ),
    );
    expect(open.images.map(({ name }) => name)).toEqual(['a.jpg', 'b.PNG']);
    expect(Buffer.from(await open.images[0].read(1e6))).toEqual(jpeg);
    expect(Buffer.from(await open.images[1].read(1e6)).toString()).toBe('two');
    open.close();
  });

  it.each<[string, Packed, string]>([
    ['states too much', { name: 'a.jpg', bytes: jpeg, size: 2e6 }, 'at most 1000000 bytes'],
    [
      'holds more than it states',
      { name: 'a.jpg', bytes: Buffer.alloc(100_000), size: 10 },
      'cannot be unpacked',
    ],
    ['is packed another way', { name: 'a.jpg', bytes: jpeg, method: 12 }, 'stored or deflated'],
  ])('refuses a picture that %s', (_, file, words) => {
    const open = openImageArchive(archive(zip([file])));
    expect(() => open.images[0].read(1e6)).toThrow(words);
    open.close();
  });

  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'too short'],
    ['something else', Buffer.alloc(500, 7), 'its end is missing'],
    ['the end of one', zip([{ name: 'a.jpg', bytes: jpeg }]).subarray(60), 'does not fit'],
    ['no picture', zip([{ name: 'a.txt', bytes: jpeg }]), 'holds none'],
  ])('is not made of %s', (_, bytes, words) => {
    expect(() => openImageArchive(archive(bytes))).toThrow(words);
  });

  it('is named where there is none', () => {
    expect(() => openImageArchive(join(root, 'nowhere.zip'))).toThrow('there is none');
  });
});
