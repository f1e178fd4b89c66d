// The lines of a text file, plain or gzipped, a chunk at a time: what comes back is numbered as an editor numbers it.
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { AppError, throwIfAborted } from '../../core/errors.ts';

export interface LineReader {
  /** The file's name without folders. */
  readonly file: string;
  /** Called once a line, the mark at the file's beginning and the line's ending taken off; `number` counts from 1. */
  readonly onLine: (line: string, number: number) => void;
  readonly signal?: AbortSignal;
}

/** What was read. */
export interface ReadText {
  readonly lines: number;
  /** SHA-256 of the file's bytes. */
  readonly fingerprint: string;
}

/**
 * Reads UTF-8 with LF or CRLF; memory does not grow with the file.
 *
 * @throws AppError NOT_FOUND, BAD_FILE for an empty file, one cut off, or one that is no UTF-8 text; INTERRUPTED
 */
export async function readTextLines(path: string, { file, onLine, signal }: LineReader): Promise<ReadText> {
  const zipped = isGzip(path);
  const digest = createHash('sha256');
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const stream = zipped ? source.pipe(createGunzip()) : source;
  source.on('data', (chunk) => digest.update(chunk));
  source.on('error', (cause) => stream.destroy(cause));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  /** Of a line whose end has not come yet: only what comes is searched, however long the line is. */
  let parts: string[] = [];
  let length = 0;
  let number = 0;
  const keep = (part: string): void => {
    if (part === '') return;
    parts.push(part);
    length += part.length;
    if (length > LONGEST_LINE)
      throw new AppError(
        'BAD_DATA',
        `line ${number + 1} of "${file}" is longer than ${LONGEST_LINE.toLocaleString('en-US')} characters: a sequence a line is expected`,
      );
  };
  const whole = (): string => {
    const line = parts.join('');
    parts = [];
    length = 0;
    return line.charCodeAt(line.length - 1) === CARRIAGE_RETURN ? line.slice(0, -1) : line;
  };
  const take = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      keep(text.slice(from, end));
      onLine(whole(), ++number);
      from = end + 1;
    }
    keep(text.slice(from));
  };
  try {
    for await (const chunk of stream) {
      throwIfAborted(signal);
      take(decode(decoder, chunk as Buffer, { file, number }));
    }
    take(decode(decoder, undefined, { file, number }));
  } catch (cause) {
    if (cause instanceof AppError || !(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new AppError(
      'BAD_FILE',
      `expected a whole file, "${file}" is cut off or damaged: export it again`,
      {},
      cause,
    );
  } finally {
    source.destroy();
  }
  if (length > 0) onLine(whole(), ++number);
  if (number === 0) throw new AppError('BAD_FILE', `expected lines in "${file}", the file is empty`);
  return { lines: number, fingerprint: digest.digest('hex') };
}

const CARRIAGE_RETURN = 13;
/** Characters: a history of millions of items. Past half a thousand million no text can hold them. */
const LONGEST_LINE = 64_000_000;

/** The file's name, once it is known to be one. @throws AppError NOT_FOUND, BAD_FILE for a folder */
export function needFile(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new AppError('NOT_FOUND', `expected a file, found none at "${path}"`);
  if (!found.isFile()) throw new AppError('BAD_FILE', `expected a file, "${path}" is a folder`);
  return basename(path);
}

function isGzip(path: string): boolean {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(2);
  try {
    return readSync(file, bytes, 0, 2, 0) === 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Buffer | undefined,
  { file, number }: { file: string; number: number },
): string {
  let text: string;
  try {
    text = chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch (cause) {
    throw notText(file, number, cause);
  }
  if (text.includes('\0')) throw notText(file, number);
  return text;
}

const notText = (file: string, number: number, cause?: unknown): AppError =>
  new AppError(
    'BAD_FILE',
    `expected UTF-8 text in "${file}", after line ${number} it is none: save it as UTF-8`,
    {},
    cause,
  );
