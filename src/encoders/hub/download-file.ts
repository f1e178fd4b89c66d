// One file from a hub to the disk: into a partial file, gone on with where it broke off, renamed once it is proved whole.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { guardDisk } from '../../nn/checkpoint/disk.ts';
import { type Hub, type HubResponse, Passing, request, requireAnswer, withRetries } from './hub-request.ts';

export interface FileRequest {
  /** `owner/name` and the commit. */
  readonly id: string;
  readonly commit: string;
  /** The file's path in the model. */
  readonly file: string;
  /** Where it goes. */
  readonly to: string;
  /** What the list of files says of it. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  /** Its tag when it was last fetched: the same file is not sent again. */
  readonly etag?: string | undefined;
  readonly onBytes?: (done: number, total: number | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A file that is there and whole. */
export interface FetchedFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly etag: string | undefined;
}

/** Larger than any encoder we could run. */
const LARGEST_BYTES = 20e9;

/**
 * Fetches a file; undefined where the hub says it is the one of the tag given.
 *
 * @throws AppError NOT_FOUND, UNREACHABLE; BAD_FILE for bytes that are not those the hub names; DISK, INTERRUPTED
 */
export async function downloadFile(hub: Hub, wanted: FileRequest): Promise<FetchedFile | undefined> {
  const partial = `${wanted.to}.partial`;
  guardDisk(() => mkdirSync(dirname(wanted.to), { recursive: true }));
  return withRetries(hub, wanted.signal, async () => {
    const have = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
    const response = await request(hub, `${wanted.id}/resolve/${wanted.commit}/${encodeURI(wanted.file)}`, {
      headers: {
        ...(have > 0 ? { range: `bytes=${have}-` } : {}),
        ...(wanted.etag === undefined || have > 0 ? {} : { 'if-none-match': wanted.etag }),
      },
      signal: wanted.signal,
    });
    if (response.status === 416) {
      // the partial file is no beginning of this one, or is already all of it: begin anew
      response.drop();
      rmSync(partial, { force: true });
      throw new Passing('a partial file did not fit');
    }
    requireAnswer(response, `file ${wanted.file} of ${wanted.id}`, [200, 206, 304]);
    if (response.status === 304) {
      response.drop();
      return undefined;
    }
    const from = response.status === 206 ? startOf(response, have) : 0;
    const promise = promiseOf(response, wanted, from);
    await writePartial(partial, from, response, { ...wanted, bytes: promise.bytes });
    return finish(partial, wanted, promise);
  });
}

interface FilePromise {
  readonly bytes: number | undefined;
  readonly sha256: string | undefined;
  /** Of a git blob: how hubs tag small files. */
  readonly sha1: string | undefined;
  readonly etag: string | undefined;
}

/** What the hub says the file will be. */
function promiseOf({ header }: HubResponse, wanted: FileRequest, from: number): FilePromise {
  const linked = header('x-linked-etag');
  const etag = linked ?? header('etag');
  const tag = etag?.replace(/^W\//, '').replaceAll('"', '');
  const length = header('content-encoding') === undefined ? count(header('content-length')) : undefined;
  return {
    bytes:
      wanted.bytes ?? count(header('x-linked-size')) ?? (length === undefined ? undefined : from + length),
    sha256: wanted.sha256 ?? (tag !== undefined && /^[0-9a-f]{64}$/.test(tag) ? tag : undefined),
    sha1: tag !== undefined && /^[0-9a-f]{40}$/.test(tag) ? tag : undefined,
    etag,
  };
}

const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

/** @throws Passing for a part of the file that was not asked for */
function startOf({ header, drop }: HubResponse, have: number): number {
  const [, start] = /^bytes (\d+)-/.exec(header('content-range') ?? '') ?? [];
  if (Number(start) === have) return have;
  drop();
  throw new Passing('the hub sent another part of the file than was asked for');
}

async function writePartial(
  partial: string,
  from: number,
  response: HubResponse,
  { bytes, onBytes, file: name }: FileRequest,
): Promise<void> {
  const file = await open(partial, from === 0 ? 'w' : 'r+');
  let at = from;
  try {
    for await (const chunk of response.chunks()) {
      if (at + chunk.length > (bytes ?? LARGEST_BYTES)) {
        await file.truncate(0);
        throw new AppError(
          'BAD_FILE',
          `${name}: expected ${bytes ?? `at most ${LARGEST_BYTES}`} bytes, the hub sent more`,
        );
      }
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      onBytes?.(at, bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (bytes !== undefined && at < bytes)
    throw new Passing(`the hub broke off after ${at} of ${bytes} bytes of ${name}`);
}

async function finish(
  partial: string,
  { file, to }: FileRequest,
  promise: FilePromise,
): Promise<FetchedFile> {
  const { sha256, sha1, bytes } = await sumsOf(partial);
  const isRight = promise.sha256 === undefined ? (promise.sha1 ?? sha1) === sha1 : promise.sha256 === sha256;
  if (!isRight) {
    rmSync(partial, { force: true });
    throw new AppError(
      'BAD_FILE',
      `${file}: the bytes that came are not those the hub names (checksum); nothing was kept, try again`,
    );
  }
  guardDisk(() => renameSync(partial, to));
  return { sha256, bytes, etag: promise.etag };
}

/** SHA-256 of a file, SHA-1 as git has it for a blob, and its size. */
async function sumsOf(
  path: string,
): Promise<{ readonly sha256: string; readonly sha1: string; readonly bytes: number }> {
  const bytes = statSync(path).size;
  const sha256 = createHash('sha256');
  const sha1 = createHash('sha1').update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path)) {
    sha256.update(chunk as Buffer);
    sha1.update(chunk as Buffer);
  }
  return { sha256: sha256.digest('hex'), sha1: sha1.digest('hex'), bytes };
}

/** SHA-256 and size of a file that is there; undefined where it is not. */
export async function measureFile(
  path: string,
): Promise<{ readonly sha256: string; readonly bytes: number } | undefined> {
  return existsSync(path) ? sumsOf(path) : undefined;
}
