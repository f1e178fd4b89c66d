// A backup as it is read: its files one after the other, then what it says of itself.
import { constants, createReadStream, existsSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import {
  type BackupManifest,
  checkPath,
  decodeManifest,
  FILES_FOLDER,
  MANIFEST_FILE,
  MOST_MANIFEST_BYTES,
  SEAL_FILE,
} from './backup-manifest.ts';
import { piecesOf } from './read-pinned.ts';
import { BLOCK_BYTES, damagedTar, paddingOf, paxPath, readTarHeader } from './tar.ts';

/** Takes one file: its path in the workspace, checked, and its bytes, which it reads to the end. */
export type FileVisitor = (path: string, pieces: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Visits every file of a backup.
 *
 * @param from  a folder, a tar file, or a stream of one
 * @returns the manifest, once all files have been read; whether they are those it names is the caller's to compare
 * @throws AppError NOT_FOUND, TAMPERED when it is cut off or damaged, BAD_FILE, VERSION
 */
export async function readBackup(
  from: string | AsyncIterable<Uint8Array>,
  visit: FileVisitor,
): Promise<BackupManifest> {
  if (typeof from !== 'string') return readTar(from, visit);
  if (!existsSync(from)) throw new AppError('NOT_FOUND', `expected a backup at "${from}", there is none`);
  if (statSync(from).isDirectory()) return readFolder(from, visit);
  return readTar(createReadStream(from, { highWaterMark: 2 ** 20 }), visit);
}

/** What a backup in a folder says of itself; its files are not read. */
export async function readFolderManifest(folder: string): Promise<BackupManifest> {
  const own = async (name: string): Promise<Uint8Array> => {
    const path = join(folder, name);
    if (!existsSync(path))
      throw new AppError(
        'TAMPERED',
        `expected ${name} in "${folder}", there is none: this is no backup, or not a whole one`,
      );
    if (statSync(path).size > MOST_MANIFEST_BYTES) throw new AppError('BAD_FILE', `${name} is far too large`);
    return readFile(path);
  };
  return decodeManifest(await own(MANIFEST_FILE), await own(SEAL_FILE));
}

async function readFolder(folder: string, visit: FileVisitor): Promise<BackupManifest> {
  const manifest = await readFolderManifest(folder);
  for (const { path } of manifest.files) {
    const handle = await open(
      join(folder, FILES_FOLDER, path),
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0),
    ).catch((cause) => {
      throw new AppError(
        'TAMPERED',
        `expected the file ${path} in the backup: take another backup`,
        {},
        cause,
      );
    });
    try {
      const { size } = await handle.stat();
      await visit(
        path,
        piecesOf(handle, size, () => damagedTar(path)),
      );
    } finally {
      await handle.close();
    }
  }
  return manifest;
}

async function readTar(stream: AsyncIterable<Uint8Array>, visit: FileVisitor): Promise<BackupManifest> {
  const reader = blockReader(stream);
  const own = new Map<string, Buffer>();
  let longPath: string | undefined;
  for (;;) {
    const header = readTarHeader(await reader.take(BLOCK_BYTES));
    if (header.kind === 'end') break;
    if (own.has(SEAL_FILE)) throw damagedTar('the end');
    if (header.kind === 'pax') {
      if (header.bytes > 8192) throw damagedTar('a long name');
      longPath = paxPath(await reader.take(header.bytes));
    } else {
      const path = longPath ?? header.path;
      longPath = undefined;
      if (path === MANIFEST_FILE || path === SEAL_FILE) {
        if (header.bytes > MOST_MANIFEST_BYTES) throw damagedTar(path);
        own.set(path, await reader.take(header.bytes));
      } else {
        if (!path.startsWith(`${FILES_FOLDER}/`)) checkPath('');
        const inside = path.slice(FILES_FOLDER.length + 1);
        checkPath(inside);
        const body = reader.body(header.bytes);
        await visit(inside, body);
      }
    }
    const padding = await reader.take(paddingOf(header.bytes));
    if (padding.some((byte) => byte !== 0)) throw damagedTar('a gap');
  }
  await reader.finish();
  const [manifest, seal] = [own.get(MANIFEST_FILE), own.get(SEAL_FILE)];
  if (!manifest || !seal) throw damagedTar('the list of files');
  return decodeManifest(manifest, seal);
}

/** Gives a stream's bytes in the portions asked for. */
function blockReader(stream: AsyncIterable<Uint8Array>) {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done) return false;
    rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
    return true;
  };
  return {
    async take(bytes: number): Promise<Buffer> {
      const parts: Buffer[] = [];
      for (let left = bytes; left > 0; ) {
        if (rest.length === 0 && !(await more())) throw damagedTar('the end');
        const part = rest.subarray(0, left);
        parts.push(part);
        rest = rest.subarray(part.length);
        left -= part.length;
      }
      return Buffer.concat(parts);
    },
    async *body(bytes: number): AsyncGenerator<Uint8Array> {
      for (let left = bytes; left > 0; ) {
        if (rest.length === 0 && !(await more())) throw damagedTar('the end');
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        yield part;
      }
    },
    /** One more block of zeros (the first has been read), then nothing but zeros that a copying program may have added. */
    async finish(): Promise<void> {
      const second = await this.take(BLOCK_BYTES);
      if (second.some((byte) => byte !== 0)) throw damagedTar('the end');
      do {
        if (rest.some((byte) => byte !== 0)) throw damagedTar('the end');
        rest = Buffer.alloc(0);
      } while (await more());
    },
  };
}
