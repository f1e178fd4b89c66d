// The API keys of one shop, on its disk: hashes alone, so that whoever reads the file cannot call the server.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Disk, realDisk } from '../data/disk.ts';
import { type KeyRecord, makeKey, SCOPES, type Scope } from './http/api-key.ts';

const FORMAT = 1;
const MOST_BYTES = 2 ** 20;

const keyPath = (workspaceDir: string): string => join(workspaceDir, 'keys', 'api-keys.json');

export interface KeyFileOptions {
  /** UTC ms. */
  readonly now: () => number;
  readonly disk?: Disk;
}

/** Every key that was made and not removed, expired ones too. @throws AppError BAD_FILE, VERSION */
export function readKeys(workspaceDir: string): readonly KeyRecord[] {
  const path = keyPath(workspaceDir);
  if (!existsSync(path)) return [];
  if (statSync(path).size > MOST_BYTES) throw badFile();
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw badFile(cause);
  }
  if (isRecord(value) && typeof value.format === 'number' && value.format > FORMAT)
    throw new AppError(
      'VERSION',
      `expected keys/api-keys.json of format ${FORMAT}, got ${value.format}: update foresell`,
    );
  if (!isRecord(value) || !Array.isArray(value.keys) || !value.keys.every(isKey)) throw badFile();
  return value.keys;
}

/** When the file was last changed, UTC ms; 0 while there is none. A server reads it again when this moves. */
export const keysChangedMs = (workspaceDir: string): number =>
  statSync(keyPath(workspaceDir), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** @returns the key's text, which is written nowhere, and its record */
export function createKey(
  workspaceDir: string,
  wanted: Omit<Parameters<typeof makeKey>[0], 'createdMs'>,
  { now, disk = realDisk }: KeyFileOptions,
): { readonly text: string; readonly record: KeyRecord } {
  const made = makeKey({ ...wanted, createdMs: now() });
  writeKeys(workspaceDir, [...readKeys(workspaceDir), made.record], disk);
  return made;
}

/**
 * The key is refused from `atMs` on.
 *
 * @throws AppError NOT_FOUND
 */
export function expireKey(
  workspaceDir: string,
  id: string,
  { atMs, disk = realDisk }: { readonly atMs: number; readonly disk?: Disk },
): KeyRecord {
  const keys = readKeys(workspaceDir);
  const found = keys.find((key) => key.id === id);
  if (!found)
    throw new AppError('NOT_FOUND', 'expected the id of a key that there is: foresell keys list shows them');
  const expired = { ...found, expiresMs: Math.min(atMs, found.expiresMs ?? Number.POSITIVE_INFINITY) };
  writeKeys(
    workspaceDir,
    keys.map((key) => (key.id === id ? expired : key)),
    disk,
  );
  return expired;
}

/**
 * A new key with the rights of an old one, which goes on for a while so that senders can be changed over.
 *
 * @throws AppError NOT_FOUND
 */
export function rotateKey(
  workspaceDir: string,
  id: string,
  { graceMs, ...options }: KeyFileOptions & { readonly graceMs: number },
): { readonly text: string; readonly record: KeyRecord; readonly old: KeyRecord } {
  const old = expireKey(workspaceDir, id, { ...options, atMs: options.now() + graceMs });
  const { kind, scopes, label, origins } = old;
  return { ...createKey(workspaceDir, { kind, scopes, label, ...(origins && { origins }) }, options), old };
}

function writeKeys(workspaceDir: string, keys: readonly KeyRecord[], disk: Disk): void {
  const path = keyPath(workspaceDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  disk.write(`${path}.new`, `${JSON.stringify({ format: FORMAT, keys }, undefined, 2)}\n`);
  chmodSync(`${path}.new`, 0o600);
  disk.move(`${path}.new`, path);
  disk.sync(dirname(path));
}

const isKey = (value: unknown): value is KeyRecord =>
  isRecord(value) &&
  typeof value.id === 'string' &&
  (value.kind === 'server' || value.kind === 'browser') &&
  Array.isArray(value.scopes) &&
  value.scopes.every((scope) => isScope(scope)) &&
  typeof value.hash === 'string' &&
  /^[0-9a-f]{64}$/.test(value.hash) &&
  typeof value.label === 'string' &&
  typeof value.createdMs === 'number' &&
  (value.expiresMs === undefined || typeof value.expiresMs === 'number') &&
  (value.origins === undefined || Array.isArray(value.origins));

export const isScope = (value: unknown): value is Scope =>
  typeof value === 'string' && Object.hasOwn(SCOPES, value);

const badFile = (cause?: unknown): AppError =>
  new AppError(
    'BAD_FILE',
    'expected API keys in keys/api-keys.json, got something else: restore it from a backup, or remove it and make keys anew',
    {},
    cause,
  );
