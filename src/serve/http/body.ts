// A request's body: bytes as they came, unpacked within limits, then text, then JSON or lines.
import { isUtf8 } from 'node:buffer';
import { gunzip, gunzipSync } from 'node:zlib';
import { Problem } from './problem.ts';

/** Compressed bodies up to this size are unpacked at once, larger ones on a thread: the hand-over costs more than they do. */
const SYNC_GUNZIP_BYTES = 2048;

/** Bounds of what one request may cost. */
export interface BodyLimits {
  /** Bytes of the body as it comes. */
  readonly bodyBytes: number;
  /** Bytes of the body once unpacked. */
  readonly unpackedBytes: number;
  readonly events: number;
}

export const DEFAULT_LIMITS: BodyLimits = {
  bodyBytes: 8 * 2 ** 20,
  unpackedBytes: 16 * 2 ** 20,
  events: 10_000,
};

/**
 * The body unpacked.
 *
 * @throws Problem bad_encoding, too_large (also for a small body that unpacks to a large one), unsupported_media
 */
export function unpacked(
  body: Buffer,
  encoding: string | undefined,
  limits: BodyLimits,
): Buffer | Promise<Buffer> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  const name = encoding.trim().toLowerCase();
  if (name === 'identity') return body;
  if (name !== 'gzip' && name !== 'x-gzip') {
    throw new Problem('unsupported_media', 'expected Content-Encoding gzip or none');
  }
  const options = { maxOutputLength: limits.unpackedBytes };
  if (body.length <= SYNC_GUNZIP_BYTES) {
    try {
      return gunzipSync(body, options);
    } catch (error) {
      throw unpackingProblem(error, limits);
    }
  }
  return new Promise((resolve, reject) => {
    gunzip(body, options, (error, plain) =>
      error ? reject(unpackingProblem(error, limits)) : resolve(plain),
    );
  });
}

function unpackingProblem(error: unknown, limits: BodyLimits): Problem {
  return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    ? new Problem(
        'too_large',
        `expected at most ${limits.unpackedBytes} bytes once unpacked, got more: send less at a time`,
      )
    : new Problem('bad_encoding', 'expected a whole gzip stream, the body is none');
}

/** @throws Problem not_utf8 */
export function bodyText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Problem('not_utf8', 'expected UTF-8, the body has other bytes');
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** @throws Problem bad_json, not_utf8 */
export function bodyJson(bytes: Buffer): unknown {
  const text = bodyText(bytes);
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('bad_json', 'expected JSON, the body is not');
  }
}
