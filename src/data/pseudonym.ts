// Keyed pseudonyms: HMAC-SHA256 (RFC 2104) of an id, the same in SQL for a lake and in Node for one user.
import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';

const BLOCK_BYTES = 64;
const KEY_BYTES = 32;

const keyPath = (dir: string): string => join(dir, 'keys', 'pseudonym.key');

/** Writes a new random key beside the lake, readable by its owner only; an existing key is kept. */
export function createPseudonymKey(dir: string): void {
  const path = keyPath(dir);
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, randomBytes(KEY_BYTES).toString('hex'));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** @throws AppError NOT_FOUND when the key file is gone: without it old and new pseudonyms could not agree */
export function readPseudonymKey(dir: string): Uint8Array {
  const path = keyPath(dir);
  if (!existsSync(path)) {
    throw new AppError(
      'NOT_FOUND',
      'expected the pseudonym key in keys/pseudonym.key, it is gone: restore it from a backup, a new one would not match the lake',
    );
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (key.length !== KEY_BYTES) {
    throw new AppError('BAD_FILE', `expected ${KEY_BYTES} bytes in keys/pseudonym.key, got ${key.length}`);
  }
  return key;
}

/** 64 hex digits. */
export const pseudonym = (key: Uint8Array, id: string): string =>
  createHmac('sha256', key).update(id).digest('hex');

/** What the lake may call somebody whom the shop, or a file of ours, calls `id`. */
export const storedIds = (dir: string, pseudonyms: boolean, id: string): string[] =>
  pseudonyms ? [pseudonym(readPseudonymKey(dir), id), id] : [id];

/**
 * SQL of the pseudonym of a text expression, `H(K ⊕ opad, H(K ⊕ ipad, id))`; NULL stays NULL.
 *
 * The two padded keys are read from the engine's variables `pseudonym_inner` and `pseudonym_outer` (see `pseudonymSetup`),
 * so that the key never stands in a statement an error message could quote.
 */
export const pseudonymSql = (id: string): string =>
  `sha256(getvariable('pseudonym_outer') || unhex(sha256(getvariable('pseudonym_inner') || encode(${id}))))`;

/** Statements that hand the padded keys to an engine. */
export function pseudonymSetup(key: Uint8Array): string[] {
  const padded = (byte: number) => {
    const block = Buffer.alloc(BLOCK_BYTES, byte);
    for (let i = 0; i < key.length; i++) block[i] ^= key[i];
    return block.toString('hex');
  };
  return [
    `SET VARIABLE pseudonym_inner = unhex('${padded(0x36)}')`,
    `SET VARIABLE pseudonym_outer = unhex('${padded(0x5c)}')`,
  ];
}
