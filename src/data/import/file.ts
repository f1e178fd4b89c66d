// Looks at a file before it is read: format, compression, encoding, separator, header. Makes a readable copy where needed.
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError, throwIfAborted } from '../../core/errors.ts';
import { readRecords } from './csv-text.ts';
import { type Encoding, guessEncoding } from './encoding.ts';
import type { FileFormat, Mapping } from './mapping.ts';

/** How much of a file is looked at. */
const HEAD_BYTES = 1 << 18;

/** A file the engine can read. */
export interface ReadableFile {
  /** Its name without folders, as quarantine and messages give it. */
  readonly name: string;
  /** What the engine opens: the file itself or a decoded copy in scratch. */
  readonly path: string;
  readonly format: FileFormat;
  readonly encoding: Encoding;
  /** One character or `spaces`; CSV only. */
  readonly separator: string;
  /** Names of its columns, in order; CSV only (empty for the others). */
  readonly header: readonly string[];
  readonly bytes: number;
  /** Whether its encoding was read as UTF-8 from a beginning in which nothing outside ASCII stands. */
  readonly isUnproven: boolean;
}

type FileSettings = Mapping['file'];

/** A file nobody has described: its first bytes and lines say what it is. */
export const UNDESCRIBED: FileSettings = {
  encoding: 'auto',
  separator: 'auto',
  quote: '"',
  header: true,
  skip: 0,
  missing: [],
};

/**
 * @param scratch  an existing folder for decoded copies
 * @throws AppError NOT_FOUND, BAD_FILE for an empty or unreadable file
 */
export async function prepareFile(
  path: string,
  settings: FileSettings,
  scratch: string,
  options: { encoding?: Encoding; signal?: AbortSignal } = {},
): Promise<ReadableFile> {
  const name = basename(path);
  if (!existsSync(path)) throw new AppError('NOT_FOUND', `expected a file, found none at "${path}"`);
  const { size } = statSync(path);
  if (!statSync(path).isFile()) throw new AppError('BAD_FILE', `expected a file, "${path}" is a folder`);
  if (size === 0) throw emptyFile(name);
  const gzip = startsWith(path, [0x1f, 0x8b]);
  const format = settings.format ?? formatByName(name);
  if (format === 'parquet') {
    const readable = gzip ? await copyDecoded(path, join(scratch, `${name}.parquet`), { gzip }) : path;
    if (!startsWith(readable, [0x50, 0x41, 0x52, 0x31])) {
      throw new AppError(
        'BAD_FILE',
        `expected a Parquet file, "${name}" is none; name its format in the mapping`,
      );
    }
    return {
      name,
      path: readable,
      format,
      encoding: 'utf-8',
      separator: ',',
      header: [],
      bytes: size,
      isUnproven: false,
    };
  }
  const head = await readHead(path, gzip);
  if (head.length >= 4 && head.toString('latin1', 0, 4) === 'PAR1') {
    throw new AppError(
      'BAD_FILE',
      `"${name}" is a Parquet file: give it the ending .parquet or name its format`,
    );
  }
  const encoding =
    options.encoding ?? (settings.encoding === 'auto' ? guessEncoding(head) : settings.encoding);
  const text = new TextDecoder(encoding).decode(head, { stream: true });
  if (text.trim() === '') throw emptyFile(name);
  const isUnproven =
    encoding === 'utf-8' && settings.encoding === 'auto' && head.every((byte) => byte < 0x80);
  const isCopied = gzip || encoding !== 'utf-8';
  const copy = join(scratch, `${name}.${encoding}`);
  const readable = isCopied
    ? await copyDecoded(path, copy, { gzip, encoding, signal: options.signal })
    : path;
  const shared = { name, path: readable, format, encoding, bytes: size, isUnproven };
  if (format === 'ndjson') return { ...shared, separator: ',', header: [] };
  const lines = dropLines(text, settings.skip);
  const separator =
    settings.separator === 'auto' ? guessSeparator(lines, settings.quote) : settings.separator;
  return { ...shared, separator, header: readHeader(lines, separator, settings, name) };
}

const emptyFile = (name: string) =>
  new AppError('BAD_FILE', `expected rows in "${name}", the file is empty: export it again`);

function startsWith(path: string, magic: readonly number[]): boolean {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(magic.length);
  try {
    return (
      readSync(file, bytes, 0, magic.length, 0) === magic.length && magic.every((b, i) => bytes[i] === b)
    );
  } finally {
    closeSync(file);
  }
}

export function formatByName(name: string): FileFormat {
  const bare = name.toLowerCase().replace(/\.gz$/, '');
  if (/\.(ndjson|jsonl|json)$/.test(bare)) return 'ndjson';
  return /\.(parquet|pq)$/.test(bare) ? 'parquet' : 'csv';
}

/** The encoding a file must have, given where a line stands that is no UTF-8. */
export async function encodingAt(path: string, at: number): Promise<Encoding> {
  const head = await readHead(path, startsWith(path, [0x1f, 0x8b]), at + HEAD_BYTES);
  return guessEncoding(head.subarray(at));
}

/** The first bytes of a file, decompressed. @throws AppError BAD_FILE when it is not what its first bytes promise */
export async function readHead(path: string, gzip: boolean, bytes = HEAD_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const source = createReadStream(path);
  const stream = gzip ? source.pipe(createGunzip()) : source;
  source.on('error', (cause) => stream.destroy(cause));
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= bytes) break;
    }
  } catch (cause) {
    if (size === 0)
      throw new AppError('BAD_FILE', 'expected a gzip file, it cannot be decompressed', {}, cause);
  } finally {
    source.destroy();
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}

/** Streams a file through gunzip and a decoder into a copy the engine can split among threads. A file cut off is found here. */
async function copyDecoded(
  from: string,
  to: string,
  how: { gzip: boolean; encoding?: Encoding; signal?: AbortSignal },
): Promise<string> {
  const steps: NodeJS.ReadWriteStream[] = [];
  if (how.gzip) steps.push(createGunzip());
  if (how.encoding && how.encoding !== 'utf-8') {
    const decoder = new TextDecoder(how.encoding);
    steps.push(
      new Transform({
        transform: (chunk: Buffer, _, done) => done(null, decoder.decode(chunk, { stream: true })),
        flush: (done) => done(null, decoder.decode()),
      }),
    );
  }
  try {
    await pipeline([createReadStream(from), ...steps, createWriteStream(to)], { signal: how.signal });
  } catch (cause) {
    throwIfAborted(how.signal);
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new AppError(
        'DISK',
        'the disk is full: free some space, then run the same command again',
        {},
        cause,
      );
    }
    throw new AppError(
      'BAD_FILE',
      `expected a whole file, "${basename(from)}" is cut off or damaged: export it again`,
      {},
      cause,
    );
  }
  return to;
}

function dropLines(text: string, count: number): string {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return '';
    at = end + 1;
  }
  return text.slice(at).replace(/^\ufeff/, '');
}

/** The candidate that splits the first records into the most columns, equally many in each. */
export function guessSeparator(text: string, quote: string): string {
  let best = { separator: ',', score: 0 };
  for (const separator of [',', '\t', ';', '|']) {
    const records = readRecords(text, separator, quote, 20);
    const width = records[0]?.length ?? 0;
    const even = records.filter((record) => record.length === width).length / Math.max(1, records.length);
    const score = width > 1 ? width * even * even : 0;
    if (score > best.score) best = { separator, score };
  }
  return best.separator;
}

function readHeader(text: string, separator: string, settings: FileSettings, name: string): string[] {
  const [first] = readRecords(text, separator, settings.quote, 1);
  if (!first) throw emptyFile(name);
  if (!settings.header) {
    const names = [...(settings.columns ?? [])];
    if (first.length !== names.length) {
      throw new AppError(
        'BAD_MAPPING',
        `expected ${names.length} columns in "${name}" as the mapping names them, its first line has ${first.length}`,
      );
    }
    return names;
  }
  const seen = new Map<string, number>();
  return first.map((raw, index) => {
    const bare = raw.trim() || `column ${index + 1}`;
    const times = (seen.get(bare) ?? 0) + 1;
    seen.set(bare, times);
    return times === 1 ? bare : `${bare} (${times})`;
  });
}
