// The secret of a workspace's own records (answers, refused events, audit): with it ids become digests nobody else can make.
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';

const KEY_BYTES = 32;
/** Hexadecimal digits of a digest: 128 bits, so that no two persons share one. */
export const DIGEST_DIGITS = 32;

const secretPath = (dir: string): string => join(dir, 'keys', 'records.key');

/**
 * The secret, made when it is asked for the first time. Two processes that ask at once get the same.
 *
 * @throws AppError BAD_FILE
 */
export function recordSecret(dir: string): Uint8Array {
  const path = secretPath(dir);
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.${randomBytes(6).toString('hex')}.new`;
    const file = openSync(fresh, 'wx', 0o600);
    try {
      writeSync(file, randomBytes(KEY_BYTES).toString('hex'));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      // Unlike a rename it leaves what another process has put there meanwhile.
      linkSync(fresh, path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    } finally {
      rmSync(fresh, { force: true });
    }
  }
  return readSecret(path);
}

/** Undefined where nothing has been recorded yet. @throws AppError BAD_FILE */
export function knownRecordSecret(dir: string): Uint8Array | undefined {
  return existsSync(secretPath(dir)) ? readSecret(secretPath(dir)) : undefined;
}

function readSecret(path: string): Uint8Array {
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new AppError(
      'BAD_FILE',
      `expected ${KEY_BYTES} bytes in hexadecimal in keys/records.key, got something else: restore it from a backup`,
    );
  return Buffer.from(text, 'hex');
}

/** The key under which ids of one kind become digests: those of persons say nothing about those of events. */
export const digestKey = (secret: Uint8Array, what: 'person' | 'event'): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `foresell ${what} digest`, KEY_BYTES));

/** `DIGEST_DIGITS` hexadecimal digits of HMAC-SHA-256. @param id as the lake knows it */
export const digestOf = (key: Uint8Array, id: string): string =>
  createHmac('sha256', key).update(id).digest('hex').slice(0, DIGEST_DIGITS);
